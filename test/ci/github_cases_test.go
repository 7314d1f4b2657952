//go:build ci

package ci

import (
	"fmt"
	"regexp"

	"github.com/berth-dev/berth/test/platform"
)

// githubCases are run side by side, and the turns of each one after the other.
var githubCases = []githubCase{
	// The ten lines of the README: opened, pushed to, closed.
	{name: "readme", workflow: readme, turns: []turn{
		{event: opened, want: review(ready(1, "v1 deployed").of("1").
			says("is deployed from commit `SHA`", "| Everything is ready | 4 of 4 |").prints("since pull request 7 was opened"))},
		{event: pushed(2), want: review(ready(2, "v1 superseded, v2 deployed").of("1").
			says("is deployed from commit `SHA`").prints("since pull request 7 was updated"))},
		{event: closed, want: review(gone().of("1"))},
	}},
	// The whole example: a deploy with its later step, the end of the branch, the night.
	{name: "example", workflow: example, answers: true, turns: []turn{
		{event: opened, want: review(ready(1, "v1 deployed").served().says("| Everything is ready | 5 of 5 |").
			prints("Deployed to https://ci-example-").comments("`shop` is ready"))},
		{event: event{name: "delete"}, want: review(gone().comments("`shop` is gone"))},
		{event: event{name: "schedule"}, want: only("nightly", want{outputs: "verdict=consistent exit-code=0"}.of("0").says("is permitted"))},
	}},
	// The example of commands: of somebody who may not write, and of somebody who may.
	{name: "commands", workflow: commands, answers: true, turns: []turn{
		{event: said("/deploy", platform.Attacker, 1), want: only("command", want{outputs: "verdict=nothing-to-do exit-code=0 namespace="}.
			of("1").prints("mallory may not write to the repository").obeyed("notice: nothing to do"))},
		{event: said("/deploy", platform.Person, 1), want: only("command", ready(1, "v1 deployed").of("1").served().
			comments("`shop` is ready").reacts("eyes", "+1"))},
		{event: said("/deploy", platform.Person, 2), want: only("command", ready(2, "v1 superseded, v2 deployed").of("1").
			comments("`shop` is ready").reacts("eyes", "+1"))},
		{event: said("/check", platform.Person, 2), want: only("command", ready(2, "v1 superseded, v2 deployed").of("1").
			comments("`shop` is ready").reacts("eyes", "+1"))},
		{event: said("/teardown", platform.Person, 2), want: only("command", gone().of("1").
			comments("`shop` is gone").reacts("eyes", "+1"))},
	}},
	// A cloud's cluster: a step before makes the token, or a program on the runner does.
	{name: "eks", workflow: onCloud("eks"), cloud: aws, turns: onceOnCloud},
	{name: "gke", workflow: onCloud("gke"), cloud: gcloud, turns: onceOnCloud},
	{name: "aks", workflow: onCloud("aks"), cloud: az, turns: onceOnCloud},
	{name: "eks-native", workflow: onCloud("eks-native"), cloud: awsNative, native: true, turns: onceOnCloud},
	{name: "gke-native", workflow: onCloud("gke-native"), cloud: gcloudNative, native: true, turns: onceOnCloud},
	{name: "aks-native", workflow: onCloud("aks-native"), cloud: azNative, native: true, turns: onceOnCloud},
	// A run that is cancelled in the middle of the rollout, of an install and of an upgrade,
	// settles its record; the next one deploys.
	{name: "interrupted", workflow: readme, turns: []turn{
		{event: opened, pods: "unready", kill: "INT", want: review(want{stored: "v1 failed",
			outputs: "verdict=interrupted status=failed exit-code=130 revision=1"}.failed("warning: interrupted").of("1").
			says("Interrupted by SIGINT", "revision 1 is recorded as failed"))},
		{event: pushed(2), want: review(ready(2, "v1 failed, v2 deployed").of("1"))},
		{event: pushed(3), pods: "unready", kill: "TERM", want: review(want{stored: "v1 failed, v2 deployed, v3 failed",
			outputs: "verdict=terminated status=failed exit-code=143 revision=3"}.failed("warning: terminated").of("1").
			says("Interrupted by SIGTERM", "revision 3 is recorded as failed"))},
		{event: pushed(4), want: review(ready(4, "v1 failed, v2 superseded, v3 failed, v4 deployed").of("1"))},
	}},
	// The native action of a release: it is downloaded once, and what is run is what was
	// released, whatever others put into the tool cache. A cancel reaches Berth.
	{name: "native", workflow: native, native: true, turns: []turn{
		{event: opened, after: downloaded(1), want: review(ready(1, "v1 deployed").of("berth").
			prints("Downloading http://127.0.0.1:", "the step has consistent shop https://ci-native-"))},
		{event: pushed(2), after: downloaded(1), want: review(ready(2, "v1 superseded, v2 deployed").
			prints("Berth v1.2.3 is in the tool cache."))},
		{event: pushed(3), pods: "unready", kill: "INT", after: downloaded(1), want: review(want{stored: "v1 superseded, v2 deployed, v3 failed",
			outputs: "verdict=interrupted status=failed exit-code=130 revision=3"}.failed("warning: interrupted").
			says("Interrupted by SIGINT", "revision 3 is recorded as failed"))},
		{before: poisoned, event: pushed(4), after: downloaded(2), want: review(ready(4, "v1 superseded, v2 superseded, v3 failed, v4 deployed").
			obeyed("warning: Berth").prints("Downloading http://127.0.0.1:"))},
		{before: tampered, event: pushed(5), after: downloaded(3), want: review(want{
			stored: "v1 superseded, v2 superseded, v3 failed, v4 deployed"}.failed("warning: Berth").obeyed("error: Berth"))},
	}},
	// A label gives the app, and takes it away.
	{name: "labelled", workflow: with("label: review"), turns: []turn{
		{event: opened, want: review(want{outputs: "verdict=nothing-to-do exit-code=0 namespace="}.obeyed("notice: nothing to do"))},
		{event: event{name: "pull_request", action: "labeled", commit: 1, label: "review", labels: []string{"review"}},
			want: review(ready(1, "v1 deployed"))},
		{event: event{name: "pull_request", action: "unlabeled", commit: 1, label: "review"},
			want: review(gone().prints("the label review was taken from pull request 7"))},
	}},
	// The charts of a monorepo side by side.
	{name: "matrix", workflow: matrix, charts: []string{"shop/chart", "api/chart"}, turns: []turn{
		{event: opened, want: both(ready(1, "v1 deployed"))},
		{event: pushed(2), want: both(ready(2, "v1 superseded, v2 deployed"))},
		{event: closed, want: both(gone())},
	}},
	// Outputs reach a later step and a later job; a report is a file of the workspace.
	{name: "outputs", workflow: outputs, turns: []turn{
		{event: opened, want: map[string]want{
			"review": ready(1, "v1 deployed").prints("the step has consistent 1 https://ci-outputs-", `the report has "deployed"`),
			"later":  want{}.prints("the job has consistent 1 https://ci-outputs-"),
		}},
	}},
	// A failure that is asked for softly is a warning, and the outputs keep the truth.
	{name: "soft-fail", workflow: softFail, turns: []turn{
		{event: opened, pods: "image-pull", want: review(want{stored: "v1 failed",
			outputs: "verdict=deploy-failed status=failed exit-code=23 revision=1"}.says("does not exist").
			prints("the step has deploy-failed 23").obeyed("warning: The image ghcr.io/berth-dev/example-web:"))},
		{event: pushed(2), want: review(ready(2, "v1 superseded, v2 deployed").prints("the step has consistent 0"))},
	}},
	// The founding case: everything is in place, and the record cannot be brought to say so.
	// The summary has the rights to apply, and the job that is run again heals it.
	{name: "founding", workflow: with("namespace: ${{ vars.NAMESPACE }}", "preflight: off"), turns: []turn{
		{before: (*github).blinded, event: opened, want: review(want{stored: "v1 pending-install",
			outputs: "verdict=permission-missing status=pending-install exit-code=20 revision=1"}.failed("error: system:serviceaccount:").
			says("may not update secrets in namespace", "kind: Role\n", "- update\n"))},
		{before: (*github).granted, event: opened, want: review(want{stored: "v1 superseded, v2 deployed", runs: 1, samePods: true,
			outputs: "verdict=consistent status=deployed exit-code=0 repair=promote revision=2"}.obeyed("warning: Release repaired"))},
	}},
	// The same left by Helm, which said "STATUS: deployed": the step after it says what is
	// stored, and mends it where it is told to.
	{name: "after-helm", workflow: afterHelm, turns: []turn{
		{before: (*github).blinded, event: opened, want: review(want{stored: "v1 pending-install",
			outputs: "verdict=inconsistent status=pending-install exit-code=24"}.failed("error: Revision 1 of shop in test-").
			says("pending-install").prints("STATUS: deployed"))},
		{event: event{name: "workflow_dispatch"}, want: only("repair", want{stored: "v1 pending-install",
			outputs: "verdict=permission-missing exit-code=20"}.failed("error: system:serviceaccount:"))},
		{before: (*github).granted, event: event{name: "workflow_dispatch"}, want: only("repair", want{stored: "v1 deployed",
			outputs: "verdict=consistent status=deployed exit-code=0 repair=promote revision=1"}.obeyed("warning: Release repaired"))},
	}},
}

// ready is a deploy of that commit, by the revision of the same number.
func ready(n int, stored string) want {
	return want{outputs: fmt.Sprintf("verdict=consistent status=deployed exit-code=0 repair= revision=%d", n), stored: stored, runs: n}
}

// gone is a teardown. It says what it may not look at with the rights of docs/start.md.
func gone() want {
	w := want{outputs: "verdict=consistent exit-code=0 status= revision=", gone: true, commands: []string{"notice: Not looked at"}}
	return w.says("is gone, and so is its namespace")
}

func review(w want) map[string]want { return only("review", w) }

// both are the jobs of the matrix, of which each has an app of its own.
func both(w want) map[string]want {
	shop, api := w, w
	shop.outputs += " release=shop"
	api.outputs += " release=api"
	return map[string]want{"review/shop": shop, "review/api": api}
}

func (w want) of(step string) want            { w.step = step; return w }
func (w want) served() want                   { w.host = true; return w }
func (w want) says(texts ...string) want      { w.summary = append(w.summary, texts...); return w }
func (w want) prints(texts ...string) want    { w.log = append(w.log, texts...); return w }
func (w want) obeyed(commands ...string) want { w.commands = append(w.commands, commands...); return w }
func (w want) comments(text string) want      { w.comment = text; return w }
func (w want) reacts(with ...string) want     { w.answers = with; return w }
func (w want) failed(command string) want     { w.fails = true; return w.obeyed(command) }

// blinded gives the workflow an account that may not update records, in a namespace of its
// own.
func (g *github) blinded() {
	g.t.Helper()
	namespace, kubeconfig := g.blind(g.t)
	g.vars["NAMESPACE"], g.secrets["REVIEW_KUBECONFIG"] = namespace, readFile(g.t, kubeconfig)
}

// granted applies the RBAC that the summary of the run before shows, or what it lacked.
func (g *github) granted() {
	g.t.Helper()
	found := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(g.last.Summary)
	if found == nil {
		g.t.Fatalf("the summary shows no RBAC:\n%s", g.last.Summary)
	}
	g.ApplyRBAC(g.t, found[1])
}
