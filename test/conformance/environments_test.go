//go:build conformance

package conformance

import "maps"

// environments are the rows about this: what stops one of GitLab's environments ends the app only
// that was deployed to it last.
var environments = []row{
	{ID: "T230", Setup: "deployed by GitLab; its environments have other names since, and a later pipeline deploys it again",
		Action: "teardown and auto, as the old environment is stopped; the new one's deploy fails; teardown by its stop job of before",
		End:    "untouched by the old one's, gone with the new one", Exit: "0, 0, 0, 0, 23, 0", Gone: true, run: func(s *fixture) {
			s.ownNamespaces("login")
			in := func(job, pipeline, environment, action string) {
				s.onGitLab(map[string]string{"CI_COMMIT_BRANCH": "login", "CI_PIPELINE_SOURCE": "push",
					"CI_PROJECT_URL": "https://gitlab.com/acme/shop", "CI_JOB_URL": "https://gitlab.com/acme/shop/-/jobs/" + job})
				maps.Copy(s.env, map[string]string{"CI_JOB_ID": job, "CI_PIPELINE_ID": pipeline, "CI_ENVIRONMENT_ACTION": action,
					"CI_ENVIRONMENT_NAME": environment + "/login", "CI_ENVIRONMENT_SLUG": environment + "-login-1a2b3c"})
			}
			in("50", "5", "review", "start")
			s.berth("deploy", ownNames...).exit(0)
			in("90", "9", "preview", "start")
			s.berth("deploy", ownNames...).exit(0)
			before, pods := s.recordVersions(), s.pods()
			in("51", "5", "review", "stop")
			s.berth("teardown", ownNames...).exit(0).says("Nothing was taken down", "by a later pipeline, to another environment",
				"jobs/90#pipeline=9&environment=preview-login-1a2b3c", "by the stop job of its pipeline")
			s.auto(ownNames...).exit(0).says("Nothing was taken down")
			s.unchanged(before)
			s.samePods(pods)
			in("100", "10", "preview", "start")
			s.berth("deploy", append([]string{"--set", "hooks.pre-upgrade.behaviour=fail"}, ownNames...)...).exit(23)
			in("91", "9", "preview", "stop") // up to GitLab 16 that of the last deployment that succeeded
			s.berth("teardown", ownNames...).exit(0)
			s.namespaceIsGone(s.namespace)
		}},
}
