package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pods are the web pods' names and UIDs.
type pods map[string]string

func (c *cluster) webPods(ctx context.Context, namespace string) (pods, error) {
	list, err := c.client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/component=web"})
	if err != nil {
		return nil, fmt.Errorf("listing the pods of namespace %s: %w", namespace, err)
	}
	found := make(pods)
	for _, p := range list.Items {
		found[p.Name] = string(p.UID)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("namespace %s has no web pods", namespace)
	}
	return found, nil
}

// showPods shows them in the order of their names.
func (d *demo) showPods(p pods, and string) {
	for _, name := range slices.Sorted(maps.Keys(p)) {
		d.fact("Pod/"+name, "%s%s", p[name], and)
	}
}

// showRecord shows the last record and fails unless it has that status, in its
// label and in its payload.
func (d *demo) showRecord(ctx context.Context, namespace, want string) error {
	label, payload, err := d.cluster.record(ctx, namespace)
	if err != nil {
		return err
	}
	if label != want || payload != want {
		return fmt.Errorf("the record in namespace %s says %s (label %s), but it should say %s", namespace, payload, label, want)
	}
	d.fact("Secret/"+recordName(1), "%s", payload)
	return nil
}

// showObjects shows what a deploy left in its namespace.
func (d *demo) showObjects(ctx context.Context, namespace string) error {
	core, networking, options := d.cluster.client.CoreV1(), d.cluster.client.NetworkingV1(), metav1.ListOptions{}
	ns, err := core.Namespaces().Get(ctx, namespace, metav1.GetOptions{})
	deployments, err2 := d.cluster.client.AppsV1().Deployments(namespace).List(ctx, options)
	services, err3 := core.Services(namespace).List(ctx, options)
	ingresses, err4 := networking.Ingresses(namespace).List(ctx, options)
	if err := errors.Join(err, err2, err3, err4); err != nil {
		return fmt.Errorf("looking at namespace %s: %w", namespace, err)
	}
	d.fact("Namespace", "%s, marked %s", namespace, ns.Labels["app.kubernetes.io/managed-by"])
	for _, o := range deployments.Items {
		d.fact("Deployment/"+o.Name, "%d of %d ready", o.Status.ReadyReplicas, *o.Spec.Replicas)
		if o.Status.ReadyReplicas != *o.Spec.Replicas {
			return fmt.Errorf("deployment %s is not ready, though Berth said so", o.Name)
		}
	}
	for _, o := range services.Items {
		d.fact("Service/"+o.Name, "port %d", o.Spec.Ports[0].Port)
	}
	for _, o := range ingresses.Items {
		d.fact("Ingress/"+o.Name, "%s", o.Spec.Rules[0].Host)
	}
	if len(deployments.Items)*len(services.Items)*len(ingresses.Items) == 0 {
		return fmt.Errorf("an object of the chart is not in namespace %s", namespace)
	}
	return nil
}

// created names what a deploy would have left in a namespace.
func (c *cluster) created(ctx context.Context, namespace string) ([]string, error) {
	options := metav1.ListOptions{}
	secrets, err := c.client.CoreV1().Secrets(namespace).List(ctx, options)
	leases, err2 := c.client.CoordinationV1().Leases(namespace).List(ctx, options)
	deployments, err3 := c.client.AppsV1().Deployments(namespace).List(ctx, options)
	jobs, err4 := c.client.BatchV1().Jobs(namespace).List(ctx, options)
	services, err5 := c.client.CoreV1().Services(namespace).List(ctx, options)
	if err := errors.Join(err, err2, err3, err4, err5); err != nil {
		return nil, fmt.Errorf("looking at namespace %s: %w", namespace, err)
	}
	var names []string
	for _, o := range secrets.Items {
		if strings.HasPrefix(o.Name, "sh.helm.release.") {
			names = append(names, "Secret/"+o.Name)
		}
	}
	for _, o := range leases.Items {
		names = append(names, "Lease/"+o.Name)
	}
	for _, o := range deployments.Items {
		names = append(names, "Deployment/"+o.Name)
	}
	for _, o := range jobs.Items {
		names = append(names, "Job/"+o.Name)
	}
	for _, o := range services.Items {
		names = append(names, "Service/"+o.Name)
	}
	return names, nil
}

// splitDocuments parts YAML documents and leaves out those that are comments alone.
func splitDocuments(text string) []string {
	var documents []string
	for document := range strings.SplitSeq("\n"+text, "\n---") {
		if strings.Contains(document, "kind:") {
			documents = append(documents, document)
		}
	}
	return documents
}
