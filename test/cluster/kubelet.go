package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/clock"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	"sigs.k8s.io/kwok/pkg/kwok/controllers"
	"sigs.k8s.io/kwok/pkg/utils/gotpl"
)

const (
	nodeName  = "node-1"
	nodeLabel = "sim.berth.dev/kubelet" // of the nodes that are simulated
)

// kubeletMain is the simulated node: kwok's controllers play our stages on the
// pods bound to it, and a small server answers for their logs. It also takes
// namespaces down; see deleteNamespaces.
func kubeletMain(args []string) int {
	var k kubelet
	flags := flag.NewFlagSet("kubelet", flag.ContinueOnError)
	flags.StringVar(&k.kubeconfig, "kubeconfig", "", "access to the API server")
	flags.StringVar(&k.address, "listen", "", "host:port of the log server")
	flags.StringVar(&k.cert, "cert", "", "its certificate")
	flags.StringVar(&k.key, "key", "", "its key")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := k.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "kubelet:", err)
		return exitFailure
	}
	return 0
}

type kubelet struct {
	kubeconfig, address, cert, key string
	client                         kubernetes.Interface
}

func (k *kubelet) run(ctx context.Context) error {
	config, err := clientcmd.BuildConfigFromFlags("", k.kubeconfig)
	if err != nil {
		return fmt.Errorf("reading %s: %w", k.kubeconfig, err)
	}
	config.QPS = -1
	if k.client, err = kubernetes.NewForConfig(config); err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	if err := k.register(ctx); err != nil {
		return err
	}
	if err := deleteNamespaces(ctx, config, k.client); err != nil {
		return err
	}
	events := newEvents(k.client)
	controller, err := controllers.NewController(controllers.Config{
		Clock:       clock.RealClock{},
		RESTClient:  k.client.Discovery().RESTClient(),
		TypedClient: k.client,
		// A test may add nodes of its own, and take the label away from one: its
		// pods are left alone then, as by a kubelet that is down.
		ManageNodesWithLabelSelector: nodeLabel,
		NodeIP:                       "127.0.0.1",
		CIDR:                         "10.64.0.0/16",
		ID:                           nodeName,
		PodPlayStageParallelism:      8,
		NodePlayStageParallelism:     1,
		PodsOnNodeSyncParallelism:    1,
		FuncMap: gotpl.FuncMap{"Status": func(name string, pod map[string]any, ip string) (string, error) {
			return k.status(ctx, events, name, pod, ip)
		}},
		LocalStages: map[internalversion.StageResourceRef][]*internalversion.Stage{
			podRef:  podStages(),
			nodeRef: nodeStages(),
		},
	})
	if err != nil {
		return fmt.Errorf("configuring kwok's controllers: %w", err)
	}
	if err := controller.Start(ctx); err != nil {
		return fmt.Errorf("starting kwok's controllers: %w", err)
	}
	return k.serveLogs(ctx)
}

// register makes the node, with room for any test and its log server's address.
func (k *kubelet) register(ctx context.Context) error {
	port, err := strconv.Atoi(k.address[len("127.0.0.1:"):])
	if err != nil {
		return fmt.Errorf("the port of --listen %q: %w", k.address, err)
	}
	room := corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("1000"),
		corev1.ResourceMemory:           resource.MustParse("1Ti"),
		corev1.ResourceEphemeralStorage: resource.MustParse("1Ti"),
		corev1.ResourcePods:             resource.MustParse("10000"),
	}
	now := metav1.Now()
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: nodeName, Labels: map[string]string{
			corev1.LabelHostname: nodeName, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64", nodeLabel: "",
		}},
		Status: corev1.NodeStatus{
			Capacity: room, Allocatable: room,
			Conditions: []corev1.NodeCondition{{
				Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady",
				Message: "simulated", LastHeartbeatTime: now, LastTransitionTime: now,
			}},
			Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}, {Type: corev1.NodeHostName, Address: nodeName},
			},
			DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: int32(port)}},
			NodeInfo:        corev1.NodeSystemInfo{OperatingSystem: "linux", Architecture: "amd64", KubeletVersion: "v1.36.3"},
		},
	}
	if _, err := k.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("registering node %s: %w", nodeName, err)
	}
	return nil
}
