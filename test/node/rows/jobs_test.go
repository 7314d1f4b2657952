//go:build node

package rows

import "time"

// migrations are the scripts of Jobs.
const (
	migrated = "echo migrating; sleep 3; echo migrated"
	broken   = "echo migrating; echo 'relation users does not exist' >&2; exit 1"
	waiting  = "echo 'waiting for a lock held by pid 42'; sleep 600"
)

// jobs are the rows about Jobs, as hooks and without.
var jobs = []row{
	{ID: "N50", Scenario: "a hook's Job succeeds", End: "ready", Exit: "0",
		chart: []object{job("migrate", pod(shell(migrated)), hook), deployment("web", pod(server()))}},
	{ID: "N51", Scenario: "a hook's Job fails, backoffLimit 0",
		End: "failed, with its log", Exit: "23", Within: 5 * time.Second, Since: jobFailed,
		Says:  []string{"migrate", "relation users does not exist"},
		chart: []object{job("migrate", pod(shell(broken)), hook), deployment("web", pod(server()))}},
	{ID: "N52", Scenario: "a hook's Job fails, backoffLimit 3",
		End: "failed, with its log", Exit: "23", Within: 5 * time.Second, Since: jobFailed,
		Long: 80 * time.Second, Says: []string{"migrate", "relation users does not exist"},
		chart: []object{job("migrate", pod(shell(broken)), hook, tries(3)), deployment("web", pod(server()))}},
	{ID: "N53", Scenario: "a hook's Job fails, restartPolicy OnFailure: its pod is deleted at once", End: "failed, with its log", Exit: "23",
		Within: 5 * time.Second, Since: jobFailed, Long: 45 * time.Second, Says: []string{"migrate", "relation users does not exist"},
		chart: []object{job("migrate", pod(shell(broken)), hook, tries(3), onFailure), deployment("web", pod(server()))}},
	{ID: "N54", Scenario: "a hook's Job runs into activeDeadlineSeconds: its pod is deleted at once",
		End: "failed, with cause and log", Exit: "23",
		Within: 5 * time.Second, Since: jobFailed, Says: []string{"migrate", "deadline", "waiting for a lock held by pid 42"},
		chart: []object{job("migrate", pod(shell(waiting)), hook, deadline(8)), deployment("web", pod(server()))}},
	{ID: "N55", Scenario: "a plain Job fails at once, web is ready after 15 s", End: "failed, with its log", Exit: "23",
		Within: 5 * time.Second, Since: jobFailed, Says: []string{"Job/seed", "relation users does not exist"},
		chart: []object{job("seed", pod(shell(broken))), deployment("web", pod(server("--ready-after=15s")))}},
	{ID: "N56", Scenario: "a plain Job fails after 1 s, web is ready at once", End: "failed, with its log", Exit: "23",
		Within: 5 * time.Second, Since: jobFailed, Says: []string{"Job/seed", "relation users does not exist"},
		chart: []object{job("seed", pod(shell("sleep 1; "+broken))), deployment("web", pod(server()))}},
	{ID: "N57", Scenario: "a plain Job succeeds after 8 s", End: "ready when it is done", Exit: "0",
		chart: []object{job("seed", pod(shell("sleep 8; echo seeded"))), deployment("web", pod(server()))}},
}
