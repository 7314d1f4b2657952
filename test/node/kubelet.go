//go:build linux && node

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const nodeName = "real-1"

// kubeletConfig is a kubelet as others run it, apart from what its surroundings ask
// for: a network that nobody else reaches, no packet filter, cgroups of any version,
// a container runtime that does not say how it makes them, and a score that only a
// mightier root may lower. The rows do not wait for one another's images. Without
// clusterDNS each pod would have a Warning.
const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: GATEWAY
readOnlyPort: 0
healthzPort: 0
tlsCertFile: PLANE/serving.crt
tlsPrivateKeyFile: PLANE/serving.key
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
containerRuntimeEndpoint: unix://DATA/containerd.sock
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
oomScoreAdj: 0
makeIPTablesUtilChains: false
enforceNodeAllocatable: [none]
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
resolvConf: DATA/resolv.conf
evictionHard: {memory.available: 200Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
maxPods: 250
serializeImagePulls: false
registryPullQPS: 0
volumePluginDir: DATA/kubelet/plugins
podLogsDir: DATA/logs
`

// startKubelet returns once the kubelet has been started.
func (n *node) startKubelet() (*exec.Cmd, error) {
	kubelet, err := beside("kubelet")
	if err != nil {
		return nil, err
	}
	data := dataFolder(n.dir)
	config := filepath.Join(data, "kubelet.yaml")
	if err := n.write(config, kubeletConfig); err != nil {
		return nil, err
	}
	if err := n.write(filepath.Join(data, "resolv.conf"), "nameserver 127.0.0.1\n"); err != nil {
		return nil, err
	}
	return n.start(kubelet, "--config="+config, "--kubeconfig="+filepath.Join(n.plane, "kubelet.kubeconfig"),
		"--root-dir="+filepath.Join(data, "kubelet"), "--hostname-override="+nodeName, "--node-ip="+nodeIP, "--v=2")
}

// ready asks whether the node takes pods.
func (n *node) ready(ctx context.Context) error {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	found, err := client.CoreV1().Nodes().Get(ctx, nodeName, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if len(found.Spec.Taints) > 0 {
		return fmt.Errorf("taints %v", found.Spec.Taints)
	}
	for _, condition := range found.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
			return nil
		}
	}
	return fmt.Errorf("conditions %v", found.Status.Conditions)
}
