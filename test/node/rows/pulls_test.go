//go:build node

package rows

import (
	"time"

	"github.com/berth-dev/berth/test/node/registry"
)

// pulls are the rows about images that come late or not at all.
var pulls = []row{
	{ID: "N10", Scenario: "image missing (404, manifest unknown)", End: "failed, named", Exit: "23", Within: 10 * time.Second,
		Says: []string{registry.Missing, "not found"}, chart: []object{deployment("web", pod(from(registry.Missing)))}},
	{ID: "N11", Scenario: "repository unknown (404, name unknown)", End: "failed, named", Exit: "23", Within: 10 * time.Second,
		Says: []string{registry.Unknown, "not found"}, chart: []object{deployment("web", pod(from(registry.Unknown)))}},
	{ID: "N12", Scenario: "image missing at the first pull, there at the second", End: "failed, as a missing one", Exit: "23",
		Within: 10 * time.Second, Says: []string{"not found"}, chart: []object{deployment("web", pod(from(registry.Late("n12", 1))))}},
	{ID: "N13", Scenario: "the same with image-wait", End: "waits for the image and says so", Exit: "0", Within: time.Minute,
		Flags: []string{"--image-wait=60s"}, Says: []string{"image"}, chart: []object{deployment("web", pod(from(registry.Late("n13", 1))))}},
	{ID: "N14", Scenario: "registry answers 401", End: "failed at the second try, named", Exit: "23", Within: 40 * time.Second,
		Says: []string{registry.Denied, "insufficient_scope"}, chart: []object{deployment("web", pod(from(registry.Denied)))}},
	{ID: "N15", Scenario: "registry's token server answers 403",
		End: "failed at the second try, named", Exit: "23", Within: 40 * time.Second,
		Says: []string{registry.Forbidden, "403 Forbidden"}, chart: []object{deployment("web", pod(from(registry.Forbidden)))}},
	{ID: "N16", Scenario: "registry answers 503 twice, then the image", End: "ready", Exit: "0", Long: 45 * time.Second,
		chart: []object{deployment("web", pod(from(registry.Flaky("n16", 2))))}},
	{ID: "N17", Scenario: "registry answers 429 once, then the image", End: "ready", Exit: "0", Long: 30 * time.Second,
		chart: []object{deployment("web", pod(from(registry.Limiting("n17", 1))))}},
	{ID: "N18", Scenario: "registry answers 503 for ever", End: "failed once 60 s have passed", Exit: "23", Within: 100 * time.Second,
		Long: 80 * time.Second, Says: []string{registry.Down, "503 Service Unavailable"},
		chart: []object{deployment("web", pod(from(registry.Down)))}},
	{ID: "N19", Scenario: "the pull takes 20 s", End: "ready; progress says that it pulls", Exit: "0", Long: 25 * time.Second,
		Says: []string{"ulling image"}, chart: []object{deployment("web", pod(from(registry.Slow(20*time.Second))))}},
	{ID: "N20", Scenario: "the pull takes 70 s", End: "ready", Exit: "0", Long: 75 * time.Second, Full: true,
		Says: []string{"ulling image"}, chart: []object{deployment("web", pod(from(registry.Slow(70*time.Second))))}},
}
