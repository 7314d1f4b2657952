package helm

import (
	"os"
	"strings"
	"testing"
)

// Charts see the version of the library that renders them, with its patch version.
func TestSDKVersion(t *testing.T) {
	modules, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(modules), "helm.sh/helm/v3 "+sdkVersion+"\n") {
		t.Errorf("go.mod has another version of Helm's library than %s", sdkVersion)
	}
}
