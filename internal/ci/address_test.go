package ci

import "testing"

func TestWithoutUser(t *testing.T) {
	for given, want := range map[string]string{
		"https://github.com":                "https://github.com",
		"https://u:hunter2@ghe.example.com": "https://ghe.example.com",
		"https://hunter2@gl/a/-/jobs/1":     "https://gl/a/-/jobs/1",
		"https://u:%zzhunter2@ghe":          "",
	} {
		if got := withoutUser(given); got != want {
			t.Errorf("%s: %q, want %q", given, got, want)
		}
	}
	env := map[string]string{"GITHUB_SERVER_URL": "https://u:hunter2@ghe", "GITHUB_REPOSITORY": "acme/shop"}
	if got := gitHubRunsURL(func(name string) string { return env[name] }); got != "https://ghe/acme/shop/actions/runs/" {
		t.Error(got)
	}
}
