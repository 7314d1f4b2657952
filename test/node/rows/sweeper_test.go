//go:build node

package rows

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/berth-dev/berth/test/node/registry"
)

// sweepers are the rows about the chart that has a cluster sweep itself.
var sweepers = []row{
	{ID: "N95", Scenario: "examples/sweeper is deployed, and sweeps twice",
		End:  "what is over goes; what is kept, what is new and the sweeper stay; its page and metrics tell",
		Exit: "0, 0, 0, 0, 0", Long: 90 * time.Second, plays: sweepsItself},
}

func sweepsItself(s *scenario) {
	s.namespaceStays()
	s.mark(s.namespace)
	// Apps of a repository that no other row is about.
	repository := "acme/" + s.namespace
	flags := []string{"--repository", repository}
	s.chart(deployment("web", pod(server())))
	for _, branch := range []string{"over", "kept", "new"} {
		ttl := map[string]string{"over": "1s", "kept": "1s", "new": "1h"}[branch]
		own := []string{"--branch", branch, "--namespace", s.namespace + "-" + branch, "--ttl", ttl}
		s.start("deploy", slices.Concat(flags, own)...).wait()
	}
	s.mark(s.namespace + "-kept")
	s.chartFolder = "../../../examples/sweeper"
	image, tag, _ := strings.Cut(strings.TrimPrefix(registry.Berth, registry.Address), ":")
	deploy := slices.Concat(flags, []string{"--ttl", "1s", "--release", "sweeper"})
	for _, set := range []string{"repository=https://github.com/" + repository, "dryRun=false", "schedule=0 0 1 1 *",
		"serve.allRepositories=false", "image.repository=" + registry.Address + image} {
		deploy = append(deploy, "--set", set)
	}
	deploy = append(deploy, "--set-string", "image.tag="+tag)
	s.start("deploy", deploy...).wait()
	if s.t.Failed() {
		return
	}
	serves := s.podOf("serve")
	s.seesFleet(serves, map[string]float64{`berth_survey_up`: 1, `berth_review_apps{deployed}`: 4, `berth_review_apps_expired`: 1,
		`berth_sweeps_total{complete}`: 0})
	s.isConfined("--serve=")

	if said := s.sweepNow("first"); !strings.Contains(said, "1 went") {
		s.t.Errorf("the first sweep said:\n%s", said)
	}
	s.seesFleet(serves, map[string]float64{`berth_review_apps{deployed}`: 3, `berth_review_apps_expired`: 0,
		`berth_sweeps_total{complete}`: 1, `berth_sweep_deleted_total`: 1, `berth_sweep_failed_total`: 0})
	if said := s.sweepNow("second"); !strings.Contains(said, "Nothing to sweep: 3 review apps") {
		s.t.Errorf("the second sweep said:\n%s", said)
	}
	s.seesFleet(serves, map[string]float64{`berth_review_apps{deployed}`: 3, `berth_sweeps_total{complete}`: 2})
	for branch, want := range map[string]bool{"": true, "-over": false, "-kept": true, "-new": true} {
		_, err := s.Client().CoreV1().Namespaces().Get(s.t.Context(), s.namespace+branch, metav1.GetOptions{})
		if there := !apierrors.IsNotFound(err); there != want {
			s.t.Errorf("the namespace %s%s: %v", s.namespace, branch, err)
		}
	}
	// What the sweeps have counted is not the chart's, so that it is no drift and an upgrade leaves it.
	s.start("deploy", deploy...).wait()
	s.seesFleet(s.podOf("serve"), map[string]float64{`berth_sweeps_total{complete}`: 2})
}

// mark says of a namespace that it is to be kept.
func (s *scenario) mark(namespace string) {
	s.t.Helper()
	patch := []byte(`{"metadata":{"labels":{"berth.dev/keep":"true"}}}`)
	_, err := s.Client().CoreV1().Namespaces().Patch(s.t.Context(), namespace, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
}

// podOf returns the pod of a component of the sweeper.
func (s *scenario) podOf(component string) corev1.Pod {
	s.t.Helper()
	selected := metav1.ListOptions{LabelSelector: "app.kubernetes.io/component=" + component}
	found, err := s.Client().CoreV1().Pods(s.namespace).List(s.t.Context(), selected)
	if err != nil || len(found.Items) != 1 {
		s.t.Fatalf("%d pods of %s: %v", len(found.Items), component, err)
	}
	return found.Items[0]
}

// sweepNow makes a Job of the CronJob, as kubectl create job --from does, and returns what it said.
func (s *scenario) sweepNow(name string) (said string) {
	s.t.Helper()
	ctx, jobs := s.t.Context(), s.Client().BatchV1().Jobs(s.namespace)
	cron, err := s.Client().BatchV1().CronJobs(s.namespace).Get(ctx, "sweeper", metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	made := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: cron.Spec.JobTemplate.Spec}
	if _, err := jobs.Create(ctx, made, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	s.until("the sweep has ended", func() bool {
		job, err := jobs.Get(ctx, name, metav1.GetOptions{})
		return err == nil && job.Status.Succeeded+job.Status.Failed > 0
	})
	pods, err := s.Client().CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: "job-name=" + name})
	if err != nil || len(pods.Items) != 1 {
		s.t.Fatalf("%d pods of the sweep: %v", len(pods.Items), err)
	}
	log, err := s.Client().CoreV1().Pods(s.namespace).GetLogs(pods.Items[0].Name, &corev1.PodLogOptions{}).DoRaw(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	if phase := pods.Items[0].Status.Phase; phase == corev1.PodFailed {
		s.t.Errorf("the sweep failed:\n%s", log)
	}
	return string(log)
}

// seesFleet waits until the metrics of the pod are these, by name and last label, and its page is there.
func (s *scenario) seesFleet(of corev1.Pod, want map[string]float64) {
	s.t.Helper()
	s.until("the metrics tell it", func() bool {
		code, text := s.ask(of, "/metrics")
		if code != http.StatusOK {
			return false
		}
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
		if err != nil {
			s.t.Fatalf("%v in\n%s", err, text)
		}
		for name, value := range want {
			if is := metricOf(families, name); is != value {
				s.t.Logf("%s is %v, and is to be %v", name, is, value)
				return false
			}
		}
		return true
	})
	for path, has := range map[string]string{"/": "<!DOCTYPE html>", "/fleet.json": "berth.dev/fleet/v1", "/healthz": "ok"} {
		if code, text := s.ask(of, path); code != http.StatusOK || !bytes.Contains(text, []byte(has)) {
			s.t.Errorf("%s: %d %.300s", path, code, text)
		}
	}
}

// metricOf returns the value of a metric whose last label has the value in braces; -1 where there is none.
func metricOf(families map[string]*dto.MetricFamily, name string) float64 {
	name, last, _ := strings.Cut(strings.TrimSuffix(name, "}"), "{")
	for _, m := range families[name].GetMetric() {
		if labels := m.GetLabel(); last == "" || labels[len(labels)-1].GetValue() == last {
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return -1
}

// ask asks a pod over its network.
func (s *scenario) ask(of corev1.Pod, path string) (code int, body []byte) {
	s.t.Helper()
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get("http://" + of.Status.PodIP + ":8080" + path)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		return 0, []byte(err.Error())
	}
	return resp.StatusCode, body
}

// isConfined looks at the process with this argument as the kernel has it: it is nobody, may
// nothing, and cannot write its root.
func (s *scenario) isConfined(argument string) {
	s.t.Helper()
	found, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, file := range found {
		line, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(line, []byte("\x00"+argument)) {
			continue
		}
		folder := filepath.Dir(file)
		status, err := os.ReadFile(filepath.Join(folder, "status"))
		if err != nil {
			s.t.Fatal(err)
		}
		for _, has := range []string{"Uid:\t65532\t65532\t65532\t65532\n", "CapEff:\t0000000000000000\n", "CapBnd:\t0000000000000000\n",
			"NoNewPrivs:\t1\n", "Seccomp:\t2\n"} {
			if !bytes.Contains(status, []byte(has)) {
				s.t.Errorf("process %s has not %q:\n%s", filepath.Base(folder), strconv.Quote(has), status)
			}
		}
		for path, want := range map[string]error{"/made": syscall.EROFS, "/etc/made": syscall.EROFS, "/tmp/made": nil} {
			file, err := os.Create(folder + "/root" + path)
			if (want == nil) != (err == nil) || want != nil && !strings.Contains(err.Error(), want.Error()) {
				s.t.Errorf("writing %s: %v", path, err)
			}
			if err == nil {
				file.Close()
			}
		}
		return
	}
	s.t.Errorf("no process has the argument %s", argument)
}
