//go:build node

package rows

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// database is up, for those who see /shared, that many seconds after its start.
func database(seconds int) corev1.Container {
	return shell(fmt.Sprintf("sleep %d; touch /shared/up; exec app", seconds))
}

// client crashes as long as the database is not up.
func client() object {
	return deployment("web", pod(probed(shell(
		`test -e /shared/up || { echo "dial tcp db:5432: connection refused"; exit 1; }; exec app --ready-after=1s`)), sharing))
}

// withDatabase are a client and a database that takes so long.
func withDatabase(seconds int) []object {
	return []object{client(), deployment("db", pod(probed(database(seconds)), sharing))}
}

// restarting is a database that crashes twice before it is up.
const restarting = `n=$(cat /shared/n || echo 0); echo $((n+1)) > /shared/n
[ $n -lt 2 ] && { sleep 2; echo "initialized, restarting"; exit 1; }; sleep 8; touch /shared/up; exec app`

// locking is a server of which only one may migrate; the other crashes meanwhile.
const locking = `mkdir /shared/lock || [ -e /shared/done ] || { echo "the migration's lock is held"; exit 1; }
[ -e /shared/done ] || { sleep 18; touch /shared/done; }; exec app`

// siblings are the rows about containers that crash until something else is there.
var siblings = []row{
	{ID: "N40", Scenario: "crashes until the release's database is ready after 15 s", End: "ready", Exit: "0", Long: 40 * time.Second,
		chart: withDatabase(15)},
	{ID: "N41", Scenario: "… after 20 s", End: "ready", Exit: "0", Long: 45 * time.Second, chart: withDatabase(20)},
	{ID: "N42", Scenario: "… after 40 s", End: "ready", Exit: "0", Long: 80 * time.Second, chart: withDatabase(40)},
	{ID: "N43", Scenario: "… after 60 s", End: "ready", Exit: "0", Long: 90 * time.Second, chart: withDatabase(60)},
	{ID: "N44", Scenario: "… of a database without a readiness probe, 20 s", End: "ready", Exit: "0", Long: 45 * time.Second,
		chart: []object{client(), deployment("db", pod(database(20), sharing))}},
	{ID: "N45", Scenario: "… of a database outside the release, 20 s",
		End: "ready", Exit: "0", Long: 40 * time.Second, plays: func(s *scenario) {
			s.chart(client())
			deploy := s.start("deploy")
			s.until("the third crash", func() bool { return s.restarted(2) })
			s.touch("up")
			deploy.wait()
		}},
	{ID: "N46", Scenario: "… of a migration Job of 25 s", End: "ready", Exit: "0", Long: 45 * time.Second,
		chart: []object{client(), job("migrate", pod(shell("sleep 25; touch /shared/up"), sharing))}},
	{ID: "N47", Scenario: "… of a database that crashes twice itself", End: "ready", Exit: "0", Long: 50 * time.Second,
		chart: []object{client(), deployment("db", pod(probed(shell(restarting)), sharing))}},
	{ID: "N48", Scenario: "two replicas and one lock, held for 18 s", End: "ready", Exit: "0", Long: 40 * time.Second,
		chart: []object{deployment("web", pod(probed(shell(locking)), sharing), replicas(2))}},
	{ID: "N49", Scenario: "failed by that; the database is added, deployed again", End: "failed, then ready", Exit: "23, 0",
		Long: 140 * time.Second, Full: true, plays: func(s *scenario) {
			s.deploy(client()).says("dial tcp db:5432: connection refused")
			s.deploy(client(), deployment("db", pod(probed(database(3)), sharing)))
		}},
}
