//go:build conformance

package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/berth-dev/berth/test/faultproxy"
)

// readiness are the rows about this: ready is judged by the kind of an object.
var readiness = []row{
	{ID: "T110", Setup: "a claim of a class that waits for its first consumer, and only a CronJob uses it",
		Action: "deploy, check, deploy", End: "v2 deployed, the claim told of", Exit: "0, 0, 0", run: func(s *fixture) {
			s.storageClass("WaitForFirstConsumer")
			s.chartWith("templates/claim.yaml", claimOf(s.namespace))
			for _, verb := range []string{"deploy", "check", "deploy"} {
				s.berth(verb).exit(0).says("PersistentVolumeClaim/backup: it is bound when a pod uses it")
			}
			s.stored("v1 superseded, v2 deployed")
		}},
	{ID: "T111", Setup: "a claim that nobody uses, of a class that binds at once and has no volume",
		Action: "deploy", End: "v1 failed", Exit: "23", run: func(s *fixture) {
			s.storageClass("Immediate")
			s.chartWith("templates/claim.yaml", claimOf(s.namespace))
			s.berth("deploy").exit(23).says("PersistentVolumeClaim/backup: ")
			s.stored("v1 failed")
		}},
	{ID: "T112", Setup: "a plain Job with ttlSecondsAfterFinished 0, beside a slow Deployment",
		Action: "deploy, check, deploy", End: "v2 deployed", Exit: "0, 0, 0", run: func(s *fixture) {
			s.chartWith("templates/job.yaml", plainJob("complete", "0s", "ttlSecondsAfterFinished: 0"))
			s.berth("deploy", slow("2s")...).exit(0)
			s.gone("seed")
			s.berth("check").exit(0).reports(`"expired": true`)
			s.berth("deploy", slow("2s")...).exit(0)
			s.stored("v1 superseded, v2 deployed")
			s.chartWith("templates/job.yaml", "") // as in T114
			s.gone("seed")
		}},
	{ID: "T113", Setup: "the same Job, deleted by hand before the hour of its ttl is over",
		Action: "check", End: "it is missing", Exit: "24", run: func(s *fixture) {
			s.chartWith("templates/job.yaml", plainJob("complete", "0s", "ttlSecondsAfterFinished: 3600"))
			s.berth("deploy").exit(0)
			s.deleteJob("seed")
			s.berth("check", "--check-timeout", "2s").exit(24).says("Job/seed: does not exist")
		}},
	{ID: "T114", Setup: "a plain Job that fails at once, with ttl 0, and a Deployment that is not ready for an hour",
		Action: "deploy", End: "v1 failed at once", Exit: "23", run: func(s *fixture) {
			s.chartWith("templates/job.yaml", plainJob("fail", "0s", "ttlSecondsAfterFinished: 0"))
			s.within(30*time.Second, func() { s.berth("deploy", slow("1h")...).exit(23).says("Job/seed: the Job failed") })
			s.stored("v1 failed")
			// Helm's own upgrade fails where the Job goes between two of its reads.
			s.chartWith("templates/job.yaml", "")
			s.gone("seed")
		}},
	{ID: "T115", Setup: "a plain Job that fails after half a second, and all else is quick",
		Action: "deploy, check", End: "v1 failed, with the Job's cause and log", Exit: "23, 23", run: func(s *fixture) {
			s.chartWith("templates/job.yaml", plainJob("fail", "500ms", ""))
			s.within(30*time.Second, func() {
				s.berth("deploy").exit(23).says("Job/seed: the Job failed: BackoffLimitExceeded").
					reports(`relation \"accounts\" does not exist`, `"kind": "Job"`)
			})
			s.stored("v1 failed")
			s.within(20*time.Second, func() { s.berth("check").exit(23).says("Job/seed: the Job failed") })
		}},
	{ID: "T116", Setup: "v1 deployed; v2 brings a plain Job that fails, and a Deployment that is not ready for an hour",
		Action: "deploy an upgrade, then a good one", End: "v2 failed, then v3 deployed, and the Job swept away", Exit: "23, 0 + warning",
		run: func(s *fixture) {
			good := s.chart
			s.berth("deploy").exit(0)
			s.chartWith("templates/job.yaml", plainJob("fail", "1s", ""))
			s.within(30*time.Second, func() {
				s.berth("deploy", slow("1h")...).exit(23).says("Job/seed: the Job failed").reports(`relation \"accounts\" does not exist`)
			})
			s.stored("v1 deployed, v2 failed")
			s.chart = good
			s.berth("deploy").exit(0)
			s.stored("v1 superseded, v2 failed, v3 deployed")
		}},
	{ID: "T117", Setup: "a plain Job fails after the rollout, while the record is written",
		Action: "deploy", End: "v1 deployed, and the deploy failed at once", Exit: "23", run: func(s *fixture) {
			s.chartWith("templates/job.yaml", plainJob("fail", "6s", ""))
			at := s.holdRequest(s.proxy(), finalUpdate)
			run := s.start("deploy")
			at.await(run)
			s.failed("seed")
			at.release()
			s.within(20*time.Second, func() { run.wait(runLimit).exit(23).says("Job/seed: the Job failed", "kubectl delete job/seed") })
			s.stored("v1 deployed")
		}},
	{ID: "T118", Setup: "a plain Job that runs for an hour",
		Action: "deploy, check", End: "v1 deployed, the Job told of", Exit: "0, 0", run: func(s *fixture) {
			s.chartWith("templates/job.yaml", plainJob("complete", "1h", ""))
			s.within(30*time.Second, func() { s.berth("deploy").exit(0).says("Job/seed: it has not ended yet") })
			s.berth("check").exit(0).says("Job/seed: it has not ended yet")
		}},
	{ID: "T119", Setup: "a plain Job whose image is missing",
		Action: "deploy", End: "v1 failed", Exit: "23", run: func(s *fixture) {
			s.chartWith("templates/job.yaml", strings.Replace(plainJob("complete", "0s", ""), "job:1", "job:missing", 1))
			s.berth("deploy", "--timeout", "1m").exit(23).says("Job/seed: ")
		}},
	{ID: "T120", Setup: "a custom resource whose controller gives the generation as text",
		Action: "deploy, deploy a change", End: "v2 deployed", Exit: "0, 0", run: func(s *fixture) {
			s.resource("Rollout")
			s.controller("Rollout", func(generation int64, _ time.Duration) string {
				return fmt.Sprintf(`{"observedGeneration": "%d", "conditions": [{"type": "Available", "status": "True"}]}`, generation)
			})
			s.berth("deploy").exit(0)
			s.berth("deploy", "--set", "greeting=bye").exit(0)
			s.stored("v1 superseded, v2 deployed")
		}},
	{ID: "T121", Setup: "a custom resource with two conditions of one type, the last of which is true",
		Action: "deploy, check", End: "v1 deployed", Exit: "0, 0", run: func(s *fixture) {
			s.resource("Topic")
			s.controller("Topic", func(int64, time.Duration) string {
				return `{"conditions": [{"type": "Ready", "status": "False"}, {"type": "Ready", "status": "True"}]}`
			})
			s.berth("deploy").exit(0)
			s.berth("check").exit(0)
		}},
	{ID: "T122", Setup: "a custom resource whose conditions are no list",
		Action: "deploy, check", End: "v1 deployed, told of", Exit: "0, 0", run: func(s *fixture) {
			s.resource("Queue")
			s.controller("Queue", func(int64, time.Duration) string { return `{"conditions": {"Ready": "False"}}` })
			s.berth("deploy").exit(0)
			s.berth("check").exit(0).says("Queue/one: whether it is ready cannot be told")
		}},
	{ID: "T123", Setup: "a custom resource that takes 12 s, with a check-timeout of 3 s",
		Action: "deploy, check, deploy a change, check", End: "v2 deployed, the resource ready each time", Exit: "0, 0, 0, 0", Slow: true,
		run: func(s *fixture) {
			s.resource("Certificate")
			s.controller("Certificate", takes(12*time.Second))
			for _, greeting := range []string{"hello", "bye"} {
				s.berth("deploy", "--check-timeout", "3s", "--set", "greeting="+greeting).exit(0)
				s.berth("check", "--check-timeout", "3s").exit(0)
			}
		}},
	{ID: "T124", Setup: "a custom resource whose controller first speaks of it after the rollout, and takes 12 s",
		Action: "deploy, with a check-timeout of 3 s", End: "v1 deployed, the resource ready", Exit: "0", Slow: true, run: func(s *fixture) {
			s.resource("Certificate")
			at := s.holdRequest(s.proxy(), finalUpdate)
			run := s.start("deploy", "--check-timeout", "3s", "--timeout", "1m")
			at.await(run)
			s.controller("Certificate", takes(12*time.Second))
			s.spoken("Certificate")
			at.release()
			run.wait(runLimit).exit(0).says("Only custom resources are not ready")
		}},
	{ID: "T125", Setup: "a custom resource that is never ready",
		Action: "deploy; with a wrong wait-ignore; with wait-ignore; check with and without it",
		End:    "v1 failed with the reason, then v2 deployed and the resource named", Exit: "23, 64, 0, 0, 24", Slow: true,
		run: func(s *fixture) {
			s.resource("ExternalSecret")
			s.controller("ExternalSecret", func(int64, time.Duration) string {
				return `{"conditions": [{"type": "Ready", "status": "False", "reason": "SecretSyncedError", "message": "no such key"}]}`
			})
			s.berth("deploy", "--timeout", "30s").exit(23).says("ExternalSecret/one: SecretSyncedError: no such key")
			s.berth("deploy", "--wait-ignore", "ExternalSecret").exit(64).says("give Kind/name")
			s.berth("deploy", "--wait-ignore", "ExternalSecret/*").exit(0).
				says("Not waited for, as wait-ignore says: ExternalSecret/one", "left out by wait-ignore").reports(`"ignored": true`)
			s.stored("v1 superseded, v2 deployed")
			s.berth("check", "--wait-ignore", "ExternalSecret/*").exit(0)
			s.berth("check", "--check-timeout", "2s").exit(24).says("ExternalSecret/one: is not ready: SecretSyncedError: no such key")
		}},
	{ID: "T126", Setup: "two replicas that may not share the only node, maxUnavailable 50 %",
		Action: "deploy, check, deploy", End: "v2 deployed, one pod missing", Exit: "0 + warning, 0 + warning, 0 + warning",
		run: func(s *fixture) {
			s.chartWith("templates/spread.yaml", spread("50%"))
			for _, verb := range []string{"deploy", "check", "deploy"} {
				s.berth(verb).exit(0).warned("Ready, with a warning").says("Deployment/spread: only 1 of 2 pods run")
			}
		}},
	{ID: "T127", Setup: "the same, and none may be unavailable",
		Action: "deploy", End: "v1 failed", Exit: "23", Slow: true, run: func(s *fixture) {
			s.chartWith("templates/spread.yaml", spread("0"))
			s.berth("deploy").exit(23).says("no node takes it")
		}},
	{ID: "T128", Setup: "an APIService of the chart that nobody serves, and one that blocks the end of a namespace",
		Action: "deploy, check, teardown", End: "warned of; named as what blocks the namespace",
		Exit: "0 + warning, 0 + warning, 28", Gone: true, Slow: true, run: func(s *fixture) {
			s.ownPlane()
			s.asAdmin()
			s.chartWith("templates/api.yaml", silentAPI)
			for _, verb := range []string{"deploy", "check"} {
				s.berth(verb).exit(0).warned("Ready, with a warning").says("APIService/v1.silent.example.org: it is not available")
			}
			s.silence("v1.mute.example.org")
			s.berth("teardown", "--timeout", "10s").exit(28).says("APIService v1.mute.example.org", "kubectl delete apiservice v1.mute.example.org")
		}},
	{ID: "T129", Setup: "the check's answer to what tells of a claim is denied",
		Action: "check without the right to list events", End: "it is not known, and the claim not ready", Exit: "24", run: func(s *fixture) {
			s.storageClass("WaitForFirstConsumer")
			s.chartWith("templates/claim.yaml", claimOf(s.namespace))
			s.berth("deploy").exit(0)
			s.proxy().On(faultproxy.Match{Verb: "list", Resource: "events"}, faultproxy.Answer(403, "forbidden"))
			s.berth("check", "--check-timeout", "2s").exit(24).says("PersistentVolumeClaim/backup: is not ready")
		}},
}
