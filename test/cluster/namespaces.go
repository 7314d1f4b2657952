package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/kubernetes/pkg/controller/namespace/deletion"
)

const namespaceWorkers = 4

// deleteNamespaces empties and removes namespaces that are being deleted, with
// the controller manager's own code but without its waits: it sits still for 5
// seconds before each look, for the sake of planes with several API servers,
// and for half a pod's grace period after it. Tests delete many namespaces.
//
// It runs beside the node, instead of in one more process.
func deleteNamespaces(ctx context.Context, config *rest.Config, client kubernetes.Interface) error {
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client for the contents of namespaces: %w", err)
	}
	deleter := deletion.NewNamespacedResourcesDeleter(ctx, client.CoreV1().Namespaces(), objects, client.CoreV1(),
		client.Discovery().ServerPreferredNamespacedResources, corev1.FinalizerKubernetes)
	queue := workqueue.NewTypedRateLimitingQueue(
		workqueue.NewTypedItemExponentialFailureRateLimiter[string](50*time.Millisecond, 2*time.Second))
	context.AfterFunc(ctx, queue.ShutDown)

	enqueue := func(object any) {
		if namespace, ok := object.(*corev1.Namespace); ok && namespace.DeletionTimestamp != nil {
			queue.AddRateLimited(namespace.Name)
		}
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	_, err = factory.Core().V1().Namespaces().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    enqueue,
		UpdateFunc: func(_, object any) { enqueue(object) },
	})
	if err != nil {
		return fmt.Errorf("watching namespaces: %w", err)
	}
	factory.Start(ctx.Done())
	for range namespaceWorkers {
		go func() {
			for {
				name, shutdown := queue.Get()
				if shutdown {
					return
				}
				// "Still something left" is an error too.
				if err := deleter.Delete(ctx, name); err != nil {
					queue.AddRateLimited(name)
				} else {
					queue.Forget(name)
				}
				queue.Done(name)
			}
		}()
	}
	return nil
}
