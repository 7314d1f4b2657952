package report

import (
	"fmt"
	"strconv"
	"strings"
)

// metric is a metric and what is said of it.
type metric struct {
	name, kind string
	unit       string // in the documentation
	help       string
}

var (
	metricUp = metric{"berth_survey_up", "gauge", "0 or 1",
		"Whether all review apps are known and each change of them is told at once."}
	metricSurveyAge = metric{"berth_survey_age_seconds", "gauge", "seconds",
		"How long ago it was last known that nothing of the review apps has changed untold: at most some 90 while all is well."}
	metricApps    = metric{"berth_review_apps", "gauge", "apps", "Review apps, by how they stand."}
	metricExpired = metric{"berth_review_apps_expired", "gauge", "apps", "Review apps whose ttl has passed and that nothing keeps."}
	metricOldest  = metric{"berth_review_app_oldest_age_seconds", "gauge", "seconds",
		"How long ago the review app was deployed that was deployed longest ago."}
	metricCPU = metric{"berth_review_apps_cpu_requests_cores", "gauge", "cores",
		"What the pods of the review apps ask for, as far as it is known."}
	metricMemory = metric{"berth_review_apps_memory_requests_bytes", "gauge", "bytes",
		"What the pods of the review apps ask for, as far as it is known."}
	metricSweeps  = metric{"berth_sweeps_total", "counter", "sweeps", "Sweeps that have ended, by how."}
	metricDeleted = metric{"berth_sweep_deleted_total", "counter", "apps", "Review apps that sweeps have taken down."}
	metricFailed  = metric{"berth_sweep_failed_total", "counter", "apps", "Times that a sweep could not take a review app down."}
	metricLastRun = metric{"berth_sweep_last_run_timestamp_seconds", "gauge", "seconds since 1970",
		"When the last sweep ended, however it did."}
	metricLastSuccess = metric{"berth_sweep_last_success_timestamp_seconds", "gauge", "seconds since 1970",
		"When the last sweep ended that was complete."}
)

// exposition is metrics as text.
type exposition struct{ text strings.Builder }

// label is a label of a sample. The value is untrusted text.
type label struct{ name, value string }

// sample is one value of a metric.
type sample struct {
	labels []label
	value  float64
}

// labelValues escapes what ends a label's value.
var labelValues = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// family writes a metric with its samples; nothing where there are none.
func (e *exposition) family(m metric, samples ...sample) {
	if len(samples) == 0 {
		return
	}
	fmt.Fprintf(&e.text, "# HELP %s %s\n# TYPE %s %s\n", m.name, m.help, m.name, m.kind)
	for _, s := range samples {
		e.text.WriteString(m.name)
		for i, l := range s.labels {
			e.text.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
			e.text.WriteString(l.name + `="` + labelValues.Replace(l.value) + `"`)
		}
		if len(s.labels) > 0 {
			e.text.WriteString("}")
		}
		e.text.WriteString(" " + strconv.FormatFloat(s.value, 'g', -1, 64) + "\n")
	}
}
