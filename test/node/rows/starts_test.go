//go:build node

package rows

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
)

// sidecar makes an init container one that stays, and is started when it answers.
func sidecar(c corev1.Container) corev1.Container {
	c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
	c.StartupProbe = asking("/ready", 9000)
	return c
}

// living is the server with a liveness probe, which asks what its readiness does
// not.
func living(arguments ...string) corev1.Container {
	c := server(arguments...)
	c.LivenessProbe = asking("/live", 8080)
	c.LivenessProbe.FailureThreshold = 2
	return c
}

// reading is the server with a variable from elsewhere.
func reading(source corev1.EnvVarSource) corev1.Container {
	c := server()
	c.Env = []corev1.EnvVar{{Name: "SETTING", ValueFrom: &source}}
	return c
}

var (
	fromSettings = corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}, Key: "color"}}
	fromCredentials = corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: "credentials"}, Key: "password"}}
	settings = corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}}
	noFolder = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{
		Path: "/no/such/folder", Type: new(corev1.HostPathDirectory)}}
)

// unhandled is a class of pods that containerd knows no handler for.
var unhandled = &nodev1.RuntimeClass{TypeMeta: kind("node.k8s.io/v1", "RuntimeClass"), ObjectMeta: named("unhandled"), Handler: "unhandled"}

// starts are the rows about pods that do not start, or do not become ready.
var starts = []row{
	{ID: "N60", Scenario: "an init container fails", End: "failed, with its log", Exit: "23", Within: loops, Long: 45 * time.Second,
		Says:  []string{"migrate", "no such table"},
		chart: []object{deployment("web", pod(server(), before("migrate", shell("echo 'no such table'; exit 3"))))}},
	{ID: "N61", Scenario: "an init container waits for 20 s", End: "ready", Exit: "0", Long: 25 * time.Second,
		chart: []object{deployment("web", pod(server(), before("wait", shell("echo waiting; sleep 20"))))}},
	{ID: "N62", Scenario: "a native sidecar", End: "ready", Exit: "0",
		chart: []object{deployment("web", pod(server(), before("proxy", sidecar(app("--listen=:9000")))))}},
	{ID: "N63", Scenario: "a native sidecar crashes", End: "failed, with its log", Exit: "23", Within: loops, Long: 45 * time.Second,
		Says:  []string{"proxy", "bad configuration"},
		chart: []object{deployment("web", pod(server(), before("proxy", sidecar(shell("echo 'bad configuration'; exit 1")))))}},
	{ID: "N64", Scenario: "the sandbox cannot be made",
		End: "failed, with the Warning", Exit: "23", Within: 90 * time.Second, Long: 75 * time.Second,
		Says:  []string{"FailedCreatePodSandBox", "unhandled"},
		chart: []object{unhandled, deployment("web", pod(server(), func(p *corev1.PodSpec) { p.RuntimeClassName = &unhandled.Name }))}},
	{ID: "N65", Scenario: "a mounted folder is not there",
		End: "failed, with the Warning", Exit: "23", Within: 90 * time.Second, Long: 75 * time.Second,
		Says:  []string{"FailedMount", "hostPath type check failed"},
		chart: []object{deployment("web", pod(server(), mounted(noFolder, "/folder")))}},
	{ID: "N66", Scenario: "never ready", End: "failed at the timeout, with the probe's words", Exit: "23", Within: 40 * time.Second,
		Flags: []string{"--timeout=25s"}, Long: 25 * time.Second, Says: []string{"Readiness probe failed", "503"},
		chart: []object{deployment("web", pod(server("--ready-after=1h")))}},
	{ID: "N67", Scenario: "listens on another port",
		End: "failed at the timeout, with the probe's words", Exit: "23", Within: 40 * time.Second,
		Flags: []string{"--timeout=25s"}, Long: 25 * time.Second, Says: []string{"Readiness probe failed", "connection refused"},
		chart: []object{deployment("web", pod(server("--listen=:9090")))}},
	{ID: "N68", Scenario: "the liveness probe kills it, never ready",
		End: "failed, with the probe's words", Exit: "23", Within: 75 * time.Second,
		Flags: []string{"--timeout=60s"}, Long: 60 * time.Second, Says: []string{"iveness probe", "503"},
		chart: []object{deployment("web", pod(living("--live-for=3s", "--ready-after=1h")))}},
	{ID: "N69", Scenario: "a ConfigMap is missing", End: "failed, named", Exit: "23", Within: 15 * time.Second,
		Says: []string{`configmap "settings" not found`}, chart: []object{deployment("web", pod(reading(fromSettings)))}},
	{ID: "N70", Scenario: "a Secret lacks a key", End: "failed, named", Exit: "23", Within: 15 * time.Second,
		Says:  []string{"password", "credentials"},
		chart: []object{secret("credentials", "user"), deployment("web", pod(reading(fromCredentials)))}},
	{ID: "N71", Scenario: "the ConfigMap of a volume is missing", End: "failed, named", Exit: "23", Within: 15 * time.Second,
		Says: []string{`configmap "settings" not found`}, chart: []object{deployment("web", pod(server(), mounted(settings, "/settings")))}},
}
