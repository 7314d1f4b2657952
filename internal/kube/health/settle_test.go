package health

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What runs as long as its pod does and has no readiness probe is watched, where the
// pods decide whether their owner is ready.
func TestUnprobed(t *testing.T) {
	const probe = "readinessProbe: {httpGet: {port: 80}}"
	of := func(kind, more, pod string) string {
		return fmt.Sprintf(
			"{apiVersion: apps/v1, kind: %s, spec: {%s template: {spec: %s}}, status: {desiredNumberScheduled: 1}}",
			kind,
			more,
			pod,
		)
	}
	for name, tt := range map[string]struct {
		owner string
		want  []string
	}{
		"a probe":    {of("Deployment", "", "{containers: [{name: app, "+probe+"}]}"), nil},
		"none":       {of("Deployment", "", "{containers: [{name: app}]}"), []string{"app"}},
		"one of two": {of("StatefulSet", "", "{containers: [{name: app, "+probe+"}, {name: proxy}]}"), []string{"proxy"}},
		"a sidecar": {of("DaemonSet", "",
			"{initContainers: [{name: helper, restartPolicy: Always}, {name: migrate}], containers: [{name: app, "+probe+"}]}"),
			[]string{"helper"}},
		"no replicas":          {of("Deployment", "replicas: 0,", "{containers: [{name: app}]}"), nil},
		"paused":               {of("Deployment", "paused: true,", "{containers: [{name: app}]}"), nil},
		"replaced by somebody": {of("DaemonSet", "updateStrategy: {type: OnDelete},", "{containers: [{name: app}]}"), nil},
		"replaced by somebody, who has begun": {strings.Replace(of("DaemonSet", "updateStrategy: {type: OnDelete},",
			"{containers: [{name: app}]}"),
			"status: {", "status: {updatedNumberScheduled: 1, ", 1), []string{"app"}},
		"a partition that all pods are below": {of("StatefulSet", "updateStrategy: {rollingUpdate: {partition: 3}},",
			"{containers: [{name: app}]}"), nil},
		"a Job":           {of("Job", "", "{restartPolicy: Never, containers: [{name: app}]}"), nil},
		"a bare pod":      {"{kind: Pod, spec: {containers: [{name: app}]}}", []string{"app"}},
		"a pod that ends": {"{kind: Pod, spec: {restartPolicy: Never, containers: [{name: app}]}}", nil},
		"a ConfigMap":     {"{kind: ConfigMap}", nil},
		"nonsense":        {"{kind: Deployment, spec: {template: {spec: [1]}}}", nil},
		"nonsense in it":  {of("Deployment", "", "{containers: 7}"), nil},
	} {
		if got := Unprobed(object(t, tt.owner)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
