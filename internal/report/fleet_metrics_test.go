package report

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	dto "github.com/prometheus/client_model/go"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/result"
)

// parsed returns metrics as Prometheus' own parser reads them.
func parsed(t *testing.T, text []byte) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(text)))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return families
}

// value returns a metric's value with these labels, as name=value; -1 where there is none.
func value(families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	for _, m := range families[name].GetMetric() {
		var has []string
		for _, l := range m.GetLabel() {
			has = append(has, l.GetName()+"="+l.GetValue())
		}
		if strings.Join(has, ",") == strings.Join(labels, ",") {
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return -1
}

func TestFleetMetrics(t *testing.T) {
	app := func(repository string, status facts.Status, deployed, expires time.Duration, requests string) fleet.App {
		return fleet.App{Name: "shop", Host: "GitHub.com", Origin: facts.Origin{Repository: repository}, Revision: 1, Status: status,
			Deployed: fleetAt.Add(-deployed), Expires: fleetAt.Add(expires), Requests: requests}
	}
	kept := app("acme/shop", facts.StatusDeployed, time.Hour, -time.Hour, "")
	kept.Keep = "it says so"
	totals := result.SweepTotals{Ends: map[result.SweepEnd]int64{result.SweepComplete: 3, result.SweepIncomplete: 1}, Deleted: 5, Failed: 2,
		LastRun: fleetAt, LastSuccess: fleetAt.Add(-time.Hour)}
	families := parsed(t, FleetMetrics(Survey{Whole: true, Live: true, Now: fleetAt, Age: 1500 * time.Millisecond, Sweeps: &totals,
		Fleet: Fleet{Apps: []fleet.App{
			app("acme/shop", facts.StatusDeployed, 2*time.Hour, -time.Hour, "cpu=250m,memory=1Gi"),
			app("ACME/shop", facts.StatusPendingUpgrade, time.Hour, time.Hour, "cpu=1.5,memory=512Mi"),
			app(`acme/"sh\op`+"\n", facts.StatusFailed, time.Minute, time.Hour, "cpu=lots,memory=-1"), kept,
			{Name: "nobody's"},
		}}}))
	shop := "repository=github.com/acme/shop"
	for _, tt := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"berth_survey_up", nil, 1},
		{"berth_survey_age_seconds", nil, 1.5},
		{"berth_review_apps", []string{shop, "state=deployed"}, 2},
		{"berth_review_apps", []string{shop, "state=stuck"}, 1},
		{"berth_review_apps", []string{shop, "state=failed"}, 0},
		{"berth_review_apps", []string{`repository=github.com/acme/"sh\op`, "state=failed"}, 1},
		{"berth_review_apps", []string{"repository=unknown", "state=empty"}, 1},
		{"berth_review_apps_expired", []string{shop}, 1},
		{"berth_review_app_oldest_age_seconds", []string{shop}, 7200},
		{"berth_review_app_oldest_age_seconds", []string{"repository=unknown"}, -1},
		{"berth_review_apps_cpu_requests_cores", []string{shop}, 1.75},
		{"berth_review_apps_memory_requests_bytes", []string{shop}, 1.5 * (1 << 30)},
		{"berth_review_apps_cpu_requests_cores", []string{`repository=github.com/acme/"sh\op`}, 0},
		{"berth_sweeps_total", []string{"result=complete"}, 3},
		{"berth_sweeps_total", []string{"result=dry-run"}, 0},
		{"berth_sweep_deleted_total", nil, 5},
		{"berth_sweep_failed_total", nil, 2},
		{"berth_sweep_last_run_timestamp_seconds", nil, float64(fleetAt.Unix())},
		{"berth_sweep_last_success_timestamp_seconds", nil, float64(fleetAt.Unix() - 3600)},
	} {
		if got := value(families, tt.name, tt.labels...); got != tt.want {
			t.Errorf("%s%v is %v, want %v", tt.name, tt.labels, got, tt.want)
		}
	}
	if families := parsed(t, FleetMetrics(Survey{})); len(families) != 1 || value(families, "berth_survey_up") != 0 {
		t.Errorf("before anything is known: %v", families)
	}
}

// Whoever may annotate namespaces can neither break the lines nor fill Prometheus.
func TestFleetMetricsAreBounded(t *testing.T) {
	var apps []fleet.App
	for i := range 5000 {
		hostile := fmt.Sprintf("x/%d\"} 1\n# TYPE \xff\u2028%s", i, strings.Repeat("y", 9000))
		apps = append(apps, fleet.App{Name: "a", Host: "h", Origin: facts.Origin{Repository: hostile},
			Requests: "cpu=999999999999999999999999999999,memory=1e308"})
	}
	shop := fleet.App{Host: "h", Origin: facts.Origin{Repository: "acme/shop"}}
	apps = append(apps, shop, shop)
	text := FleetMetrics(Survey{Whole: true, Now: fleetAt, Fleet: Fleet{Apps: apps}})
	families := parsed(t, text)
	if n := len(families["berth_review_apps"].GetMetric()); n != (maxRepositories+1)*len(fleet.States) {
		t.Errorf("%d series", n)
	}
	if len(text) > 1<<20 {
		t.Errorf("%d bytes", len(text))
	}
	if got := value(families, "berth_review_apps", "repository=other", "state=empty"); got != 5000-maxRepositories+1 {
		t.Errorf("the others are %v", got)
	}
	if got := value(families, "berth_review_apps", "repository=h/acme/shop", "state=empty"); got != 2 {
		t.Errorf("the repository with the most apps has %v", got)
	}
}

func TestAmounts(t *testing.T) {
	for s, want := range map[string]float64{"250m": 0.25, "2": 2, "1.5": 1.5, "1Gi": 1 << 30, "500k": 5e5, "": 0, "m": 0, "Gi": 0, "1e3": 0,
		"-1": 0, "+1": 0, "1.2.3": 0, "1 Gi": 0, "1Zi": 0, "0x10": 0, "1234567890123456789": 0, ".": 0} {
		if got := amountOf(s); got != want {
			t.Errorf("%q is %v, want %v", s, got, want)
		}
	}
}

// The table of docs/fleet.md has each metric with its labels and its unit, in the same words.
func TestMetricsAreDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{metricApps.name: "`repository`, `state`", metricSweeps.name: "`result`"}
	for _, m := range []metric{metricExpired, metricOldest, metricCPU, metricMemory} {
		labels[m.name] = "`repository`"
	}
	table := "| metric | type | labels | unit | |\n|---|---|---|---|---|\n"
	for _, m := range []metric{metricApps, metricExpired, metricOldest, metricCPU, metricMemory, metricUp, metricSurveyAge, metricSweeps,
		metricDeleted, metricFailed, metricLastRun, metricLastSuccess} {
		table += fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", m.name, m.kind, labels[m.name], m.unit, m.help)
	}
	if !strings.Contains(string(data), table+"\n") {
		t.Errorf("docs/fleet.md does not have this table:\n%s", table)
	}
}
