//go:build conformance

package conformance

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// hostileCredentials are the rows about what is asked for credentials, and where they are.
var hostileCredentials = []row{
	{ID: "S116", Setup: "a registry credentials file with a helper that prints what a CI takes for a command, and a token; that fails and quotes it; " +
		"that hangs; and with a credential that is none", Action: "deploy on GitHub, each in turn",
		End: "its text stays text, the token is not shown, and it is ended in time", Exit: "30, 30, 30, 30", Gone: true,
		run: func(s *fixture) {
			folder := s.t.TempDir()
			s.script(filepath.Join(folder, "docker-credential-row"), "echo '::error::pwned' >&2; echo '##[group]token=half-a-token' >&2\n"+
				`case $HELPER in fails) echo '::warning::token=half-a-token is wrong'; exit 1;; hangs) exec sleep 600;; esac`+"\n"+
				`echo '{"Username":"u","Secret":"`+registryPassword+`"}'`)
			config := filepath.Join(folder, "config.json")
			s.write(config, `{"credsStore":"row"}`)
			s.chart = "shop"
			repository := "http://" + s.listens(http.NotFoundHandler()).host()
			for _, mode := range []string{"works", "fails", "hangs"} {
				s.env = map[string]string{"GITHUB_ACTIONS": "true", "HELPER": mode, "PATH": folder + ":" + os.Getenv("PATH"),
					"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REPOSITORY": "acme/shop", "BERTH_HEAD_REPOSITORY": "acme/shop"}
				run := s.berth("deploy", "--repo", repository, "--registry-config", config, "--timeout", "3s", "--log-level", "debug")
				run.exit(30).hides("half-a-token", registryPassword)
				run.printsNoLine("::error::pwned")
				run.printsNoLine("##[group]")
			}
			s.write(config, `{"auths":{"`+strings.TrimPrefix(repository, "http://")+`":{"auth":"bm8tY29sb24taW4taHVudGVyMg=="}}}`)
			s.berth("deploy", "--repo", repository, "--registry-config", config).exit(30).says("is not user:password").
				hides("no-colon-in-hunter2", "bm8tY29sb24")
			s.stored("nothing")
		}},
}
