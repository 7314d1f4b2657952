//go:build node

package rows

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// large is the server with a request that no node can meet.
func large() corev1.Container {
	c := server()
	c.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("640")}
	return c
}

// onPort is the server with a port of the node, which only one pod can have.
func onPort() corev1.Container {
	c := server()
	c.Ports = []corev1.ContainerPort{{ContainerPort: 8080, HostPort: 18080}}
	return c
}

func onSSD(p *corev1.PodSpec) { p.NodeSelector = map[string]string{"disk": "ssd"} }

// claimed is a claim that nothing provisions a volume for.
var (
	claim = &corev1.PersistentVolumeClaim{TypeMeta: kind("v1", "PersistentVolumeClaim"), ObjectMeta: named("data"),
		Spec: corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}}}}
	claimed = corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}
)

// placements are the rows about pods that no node takes.
var placements = []row{
	{ID: "N75", Scenario: "asks for more processors than there are", End: "failed, named", Exit: "23", Within: 80 * time.Second,
		Long: 65 * time.Second, Says: []string{"Insufficient cpu"}, chart: []object{deployment("web", pod(large()))}},
	{ID: "N76", Scenario: "asks for a node that is not there", End: "failed, named", Exit: "23", Within: 45 * time.Second,
		Long: 35 * time.Second, Says: []string{"node affinity/selector"}, chart: []object{deployment("web", pod(server(), onSSD))}},
	{ID: "N77", Scenario: "a claim that nobody provides for", End: "failed, named", Exit: "23", Within: 20 * time.Second,
		Says: []string{"data", "unbound"}, chart: []object{claim, deployment("web", pod(server(), mounted(claimed, "/data")))}},
	{ID: "N78", Scenario: "two replicas want one port of the node", End: "failed, named", Exit: "23", Within: 45 * time.Second,
		Long: 35 * time.Second, Says: []string{"free ports"}, chart: []object{deployment("web", pod(onPort()), replicas(2))}},
}
