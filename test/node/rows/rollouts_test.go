//go:build node

package rows

import (
	"time"

	"github.com/berth-dev/berth/test/node/registry"
)

// rollouts are the rows about what goes well, or went well before.
var rollouts = []row{
	{ID: "N01", Scenario: "healthy, ready after 2 s", End: "ready", Exit: "0", Within: time.Second, Since: ready,
		chart: []object{deployment("web", pod(server("--ready-after=2s"))), service("web")}},
	{ID: "N02", Scenario: "healthy, no readiness probe", End: "ready once it has stayed for 3 s, which the summary says", Exit: "0",
		Within: 15 * time.Second, Says: []string{"readiness probe", "Deployment/web"}, chart: []object{deployment("web", pod(app()))}},
	{ID: "N03", Scenario: "good, image missing, good, crashes, good", End: "the old pods serve meanwhile", Exit: "0, 23, 0, 23, 0",
		Long: 90 * time.Second, plays: func(s *scenario) {
			version := func(v string) object { return deployment("web", pod(with(server(), "VERSION", v)), replicas(2)) }
			s.deploy(version("1"))
			s.deploy(deployment("web", pod(from(registry.Missing)), replicas(2))).says(registry.Missing)
			s.serves(2)
			s.deploy(version("3"))
			s.deploy(deployment("web", pod(probed(shell(boom))), replicas(2))).says("boom: no DATABASE_URL")
			s.serves(2)
			s.deploy(version("5"))
		}},
	{ID: "N04", Scenario: "StatefulSet of three, in order", End: "ready", Exit: "0",
		chart: []object{statefulSet("db", 3, pod(server("--ready-after=2s")))}},
	{ID: "N05", Scenario: "StatefulSet whose second pod crashes", End: "failed, with its log", Exit: "23", Within: 70 * time.Second,
		Long: 45 * time.Second, Says: []string{"StatefulSet/db", "bad shard"},
		chart: []object{statefulSet("db", 3,
			pod(probed(shell("case $(cat /etc/hostname) in *-1) echo 'bad shard'; exit 1;; esac; exec app"))))}},
	{ID: "N06", Scenario: "DaemonSet, CronJob, Job, StatefulSet, Deployment and Service", End: "ready", Exit: "0",
		chart: []object{daemonSet("agent", pod(server())), cronJob("tick", pod(shell("echo tick"))), job("seed",
			pod(shell("sleep 5; echo seeded"))),
			statefulSet("db", 2, pod(server())), deployment("web", pod(server())), service("web")}},
	{ID: "N07", Scenario: "killed in the middle, deployed again",
		End: "promoted", Exit: "killed, 0", Kills: true, Long: 40 * time.Second, plays: func(s *scenario) {
			s.chart(deployment("web", pod(server("--ready-after=5s"))))
			first := s.start("deploy")
			s.until("the pod runs", func() bool { return s.running() > 0 })
			first.kill()
			s.start("deploy").wait()
		}},
}
