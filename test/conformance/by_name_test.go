//go:build conformance

package conformance

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/berth-dev/berth/test/kubetest"
)

// byName are check and repair on a release that somebody else's deploy has made: no
// repository and no branch is known.
var byName = []row{
	{ID: "T180", Setup: "a release by Helm; no repository and no branch are known", Action: "check, and again once its image was edited",
		End: "the release, as Helm left it", Exit: "0, 24", run: func(s *fixture) {
			s.nameless()
			s.mustHelm(4, "install", s.release, s.chart, "--wait")
			s.berth("check").exit(0)
			s.strategic("kubectl-edit", object{"apps/v1", "deployments", s.release},
				`{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"registry.invalid/edited:1"}]}}}}`)
			s.berth("check").exit(24).says("image is `registry.invalid/edited:1`")
		}},
	{ID: "T181", Setup: "a release by Helm, left pending-install (helm/helm#13189); no repository and no branch are known",
		Action: "check, repair, repair with on-stuck promote, check", End: "v1 deployed, pods not restarted", Exit: "24, 24, 0 + warning, 0",
		run: func(s *fixture) {
			s.nameless()
			s.pendingByHelm()
			dead := []string{"--assume-dead-after", "1s", "--lock-timeout", "30s"}
			before := s.pods()
			s.berth("check", dead[:2]...).exit(24).says("$ berth repair --on-stuck promote --namespace " + s.namespace + " --release " + s.release)
			records := s.recordVersions()
			s.berth("repair", dead...).exit(24).says("repair --on-stuck promote")
			s.unchanged(records)
			s.berth("repair", append(dead, "--on-stuck", "promote")...).exit(0).warned("Release repaired")
			s.samePods(before)
			s.stored("v1 deployed")
			s.berth("check").exit(0)
		}},
	{ID: "T182", Setup: "v2 of a release by Helm is pending, and dead; no repository and no branch are known",
		Action: "repair, with on-stuck fail, with rollback", End: "v3 deployed as v1 was", Exit: "24, 24, 0 + warning", run: func(s *fixture) {
			s.nameless()
			s.mustHelm(3, "install", s.release, s.chart, "--wait")
			s.mustHelm(3, "upgrade", s.release, s.chart, "--wait")
			s.setStatus(2, "pending-upgrade", "pending-upgrade")
			s.setStatus(1, "deployed", "deployed")
			s.deleteMap(s.release)
			dead := []string{"--assume-dead-after", "1s", "--lock-timeout", "30s"}
			records := s.recordVersions()
			s.berth("repair", dead...).exit(24)
			s.berth("repair", append(dead, "--on-stuck", "fail")...).exit(24)
			s.unchanged(records)
			s.berth("repair", append(dead, "--on-stuck", "rollback")...).exit(0).warned("Release repaired")
			s.oneDeployed(3)
		}},
	{ID: "T183", Setup: "v1 and v2 of a branch's release both say deployed; no repository and no branch are known",
		Action: "check, repair, check, and a deploy of the branch", End: "it is the branch's release still", Exit: "0, 0, 24, 0 + warning, 0, 0",
		run: func(s *fixture) {
			s.berth("deploy").exit(0)
			s.berth("deploy").exit(0)
			s.setStatus(1, "deployed", "deployed")
			s.nameless()
			s.berth("check").exit(24)
			s.berth("repair").exit(0).warned("Release repaired")
			s.berth("check").exit(0)
			delete(s.env, "BERTH_REPOSITORY")
			delete(s.env, "BERTH_BRANCH")
			s.berth("deploy").exit(0)
			s.oneDeployed(3)
		}},
	{ID: "T184", Setup: "Berth as a plugin of Helm 3 and Helm 4, and a release that is left pending-install", InProcess: true,
		Action: "helm berth check RELEASE -n NAMESPACE, helm berth repair RELEASE --on-stuck promote, check",
		End:    "v1 deployed", Exit: "24, 0, 0 by each", run: func(s *fixture) {
			s.pendingByHelm()
			for _, version := range []int{3, 4} {
				s.setStatus(1, "pending-install", "pending-install")
				plugin := s.plugin(version, "--namespace", s.namespace, "--kubeconfig", s.Kubeconfig())
				plugin(24, "check", s.release, "--assume-dead-after", "1s")
				plugin(0, "repair", s.release, "--assume-dead-after", "1s", "--on-stuck", "promote")
				plugin(0, "check", s.release)
				plugin(64, "check", s.release, "--kube-as-user", "somebody")
				plugin(64, "deploy")
			}
			s.seen = "by Helm 3 and Helm 4: " + s.history()
		}},
}

// nameless takes away what says which branch the runs are about.
func (s *fixture) nameless() { s.env["BERTH_REPOSITORY"], s.env["BERTH_BRANCH"] = "", "" }

// plugin installs the binary under test as a plugin of Helm's, and returns what runs it there
// with Helm's own flags behind, and fails the row where it ends otherwise.
func (s *fixture) plugin(version int, flags ...string) func(code int, args ...string) {
	s.t.Helper()
	home := s.t.TempDir()
	folder := filepath.Join(home, "plugins", "berth")
	manifest, err := os.ReadFile("../../plugin.yaml")
	if err == nil {
		err = os.MkdirAll(filepath.Join(folder, "bin"), 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "plugin.yaml"), manifest, 0o600)
	}
	if err == nil {
		err = os.Symlink(berthBinary(s.t), filepath.Join(folder, "bin", "berth"))
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return func(code int, args ...string) {
		s.t.Helper()
		var out bytes.Buffer
		cmd := exec.CommandContext(s.t.Context(), kubetest.Helm(s.t, version), append([]string{"berth"}, args...)...)
		cmd.Args = append(cmd.Args, flags...)
		cmd.Stdout, cmd.Stderr = &out, &out
		cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "HELM_PLUGINS=" + filepath.Join(home, "plugins")}
		if err := cmd.Run(); cmd.ProcessState == nil {
			s.t.Fatal(err)
		}
		if got := cmd.ProcessState.ExitCode(); got != code {
			s.t.Errorf("helm %d berth %s ended with %d, want %d:\n%s", version, strings.Join(args, " "), got, code, out.String())
		}
	}
}
