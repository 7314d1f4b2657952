//go:build bench

package bench

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// machine is what the numbers depend on.
type machine struct {
	cpu, memory, kernel string
	cores               int
	load                string // of the last minute, before anything was measured
	began               time.Time
}

// idleLoad is a load that leaves the tools alone, and maxWait how long to wait for
// it: compiling what is measured keeps a machine busy, too.
const (
	idleLoad = 0.6
	maxWait  = 5 * time.Minute
)

// rest waits until the load of the machine is low, or has not become so in time.
func rest() {
	for deadline := time.Now().Add(maxWait); time.Now().Before(deadline); time.Sleep(time.Second) {
		text, _, _ := strings.Cut(read("/proc/loadavg"), " ")
		if load, err := strconv.ParseFloat(text, 64); err != nil || load <= idleLoad {
			return
		}
	}
}

// thisMachine reads what Linux says; elsewhere it is unknown.
func thisMachine() machine {
	load, _, _ := strings.Cut(read("/proc/loadavg"), " ")
	m := machine{
		cpu: field("/proc/cpuinfo", "model name"), memory: "unknown", kernel: read("/proc/sys/kernel/osrelease"),
		cores: runtime.NumCPU(), load: orUnknown(load), began: time.Now(),
	}
	if kib, err := strconv.Atoi(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB")); err == nil {
		m.memory = fmt.Sprintf("%.1f GiB", float64(kib)/(1<<20))
	}
	return m
}

// warning says when the machine was busy with something else.
func (m machine) warning() string {
	if load, err := strconv.ParseFloat(m.load, 64); err != nil || load <= 1 {
		return ""
	}
	return fmt.Sprintf("The load of this machine was %s before the first run: something else kept it busy, "+
		"and the numbers say less about the tools. Run it again when the machine is idle.", m.load)
}

// field is the value of the first "name : value" in a file.
func field(path, name string) string {
	for line := range strings.Lines(read(path)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return orUnknown("")
}

func read(path string) string {
	data, _ := os.ReadFile(path) // not there: unknown
	return orUnknown(strings.TrimSpace(string(data)))
}

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}
