//go:build node

package rows

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// loops is the time that a verdict on a crash loop may take.
const loops = 60 * time.Second

// The scripts of the containers that crash.
const (
	boom = "echo 'boom: no DATABASE_URL' >&2; exit 1"
	bye  = "echo 'bye: nothing to serve'; exit 0"
)

// crashing is a server that crashes as often before it is well. Its pod has to be
// keeping.
func crashing(times int) corev1.Container {
	return shell(fmt.Sprintf(`n=$(cat /kept/n || echo 0); echo $((n+1)) > /kept/n
[ $n -lt %d ] && { echo "database refused the connection"; exit 1; }; exec app --ready-after=2s`, times))
}

// crashes are the rows about containers that end.
var crashes = []row{
	{ID: "N21", Scenario: "crashes at once, no readiness probe",
		End: "failed, with its log", Exit: "23", Within: loops, Long: 45 * time.Second,
		Says: []string{"Deployment/web", "boom: no DATABASE_URL"}, chart: []object{deployment("web", pod(shell(boom)))}},
	{ID: "N22", Scenario: "crashes at once, with a readiness probe",
		End: "failed, with its log", Exit: "23", Within: loops, Long: 45 * time.Second,
		Says: []string{"Deployment/web", "boom: no DATABASE_URL"}, chart: []object{deployment("web", pod(probed(shell(boom))))}},
	{ID: "N23", Scenario: "ends with 0 at once, no readiness probe",
		End: "failed, with its log", Exit: "23", Within: loops, Long: 45 * time.Second,
		Says: []string{"Deployment/web", "bye: nothing to serve"}, chart: []object{deployment("web", pod(shell(bye)))}},
	{ID: "N24", Scenario: "ends with 0 at once, with a readiness probe",
		End: "failed, with its log", Exit: "23", Within: loops, Long: 45 * time.Second,
		Says: []string{"Deployment/web", "bye: nothing to serve"}, chart: []object{deployment("web", pod(probed(shell(bye))))}},
	{ID: "N25", Scenario: "takes more memory than it may, no readiness probe", End: "failed, OOMKilled", Exit: "23", Within: loops,
		Says: []string{"OOMKilled"}, chart: []object{deployment("web", pod(limited(app("--eat=128"), "48Mi")))}},
	{ID: "N26", Scenario: "takes more memory than it may, with a readiness probe", End: "failed, OOMKilled", Exit: "23", Within: loops,
		Says: []string{"OOMKilled"}, chart: []object{deployment("web", pod(limited(server("--eat=128"), "48Mi")))}},
	{ID: "N27", Scenario: "crashes once, then healthy", End: "ready", Exit: "0",
		chart: []object{deployment("web", pod(probed(crashing(1)), keeping))}},
	{ID: "N28", Scenario: "crashes twice, then healthy", End: "ready", Exit: "0", Long: 20 * time.Second,
		chart: []object{deployment("web", pod(probed(crashing(2)), keeping))}},
	{ID: "N29", Scenario: "crashes three times, then healthy", End: "ready", Exit: "0", Long: 40 * time.Second,
		chart: []object{deployment("web", pod(probed(crashing(3)), keeping))}},
	{ID: "N30", Scenario: "crashes twice, then healthy, no readiness probe", End: "ready once it stays", Exit: "0", Long: 25 * time.Second,
		chart: []object{deployment("web", pod(crashing(2), keeping))}},
	{ID: "N31", Scenario: "crashes 1 s after each start, no readiness probe",
		End: "failed, with its log", Exit: "23", Within: 75 * time.Second,
		Long: 60 * time.Second, Says: []string{"Deployment/web", "app: fatal: cannot go on"},
		chart: []object{deployment("web", pod(app("--crash-after=1s")))}},
	{ID: "N32", Scenario: "two Deployments crash at once for the same reason", End: "both failed together", Exit: "23", Within: loops,
		Long: 45 * time.Second, Says: []string{"Deployment/web", "Deployment/worker", "boom: no DATABASE_URL"},
		chart: []object{deployment("web", pod(probed(shell(boom)))), deployment("worker", pod(shell(boom)))}},
	{ID: "N33", Scenario: "redeploy over a known crash loop, no readiness probe", End: "failed again", Exit: "23, 23", Within: loops,
		Long: 100 * time.Second, Full: true, Says: []string{"Deployment/web", "boom: no DATABASE_URL"}, plays: func(s *scenario) {
			s.deploy(deployment("web", pod(shell(boom))))
			s.start("deploy").wait()
		}},
	{ID: "N34", Scenario: "the command is missing", End: "failed, named", Exit: "23", Within: 6 * time.Second, Since: refused,
		Says: []string{"no-such-thing", "no such file or directory"}, chart: []object{deployment("web", pod(command("/bin/no-such-thing")))}},
	{ID: "N35", Scenario: "the command is not executable", End: "failed, named", Exit: "23", Within: 6 * time.Second, Since: refused,
		Says: []string{"/etc/passwd", "permission denied"}, chart: []object{deployment("web", pod(command("/etc/passwd")))}},
	{ID: "N36", Scenario: "check on a crash loop", End: "reason, pod and log, as of a deploy", Exit: "killed, 24", Kills: true,
		Long: 30 * time.Second,
		Says: []string{"Deployment/web", "boom: no DATABASE_URL"}, plays: func(s *scenario) {
			s.chart(deployment("web", pod(probed(shell(boom)))))
			deploy := s.start("deploy")
			s.until("the container crashes in a loop", func() bool { return s.restarted(2) })
			deploy.kill()
			s.start("check").wait()
		}},
}

// command is the container with another command, and a readiness probe.
func command(path string) corev1.Container {
	c := server()
	c.Command = []string{path}
	return c
}
