package app

import (
	"cmp"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/ownership"
)

func TestNew(t *testing.T) {
	fork := Source{Host: "github.com", Repository: "acme/shop", HeadRepository: "mallory/shop", Branch: "patch-1", PullRequest: 12,
		SHA: "0123abc"}
	for _, tt := range []struct {
		name                          string
		source                        Source
		templates                     Templates
		namespace, release, url, host string
		perBranch                     bool
	}{
		{name: "defaults", source: branch("main"), namespace: "review-shop-main", release: "shop", perBranch: true},
		{
			name: "fixed namespace", source: branch("main"), templates: Templates{Namespace: "reviews"},
			namespace: "reviews", release: "shop-main",
		},
		{
			name: "fixed namespace of the app", source: branch("main"), templates: Templates{Namespace: "{{ .App }}-reviews"},
			namespace: "shop-reviews", release: "shop-main",
		},
		{
			name: "all fixed", source: branch("main"), templates: Templates{Namespace: "reviews", Release: "web"},
			namespace: "reviews", release: "web",
		},
		{
			name: "by pull request", source: fork,
			templates: Templates{Namespace: "pr-{{ .PullRequest }}", URL: "https://{{ .Namespace }}.example.com/"},
			namespace: "pr-12", release: "shop", url: "https://pr-12.example.com/", host: "pr-12.example.com", perBranch: true,
		},
		{
			name: "pull request where there is one", source: branch("main"),
			templates: Templates{Namespace: `{{ with index . "PullRequest" }}pr-{{ . }}{{ else }}{{ .Slug }}{{ end }}`},
			namespace: "main", release: "shop", perBranch: true,
		},
		{
			name: "part of a value", source: fork, templates: Templates{Namespace: "r-{{ slice .SHA 0 4 }}"},
			namespace: "r-0123", release: "shop", perBranch: true,
		},
		{
			name: "an earlier run's namespace handed on", source: branch("main"), templates: Templates{Namespace: "review-shop-main"},
			namespace: "review-shop-main", release: "shop", perBranch: true,
		},
		{
			name: "untrusted branch in a path", source: branch("a/b?c#d"),
			templates: Templates{Namespace: "n", Release: "r", URL: "https://example.com:8443/{{ .Branch }}"},
			namespace: "n", release: "r", url: "https://example.com:8443/a%2Fb%3Fc%23d", host: "example.com",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := New(tt.source, tt.templates)
			if err != nil {
				t.Fatal(err)
			}
			if got.Namespace != tt.namespace || got.Release != tt.release || got.URL != tt.url || got.Host != tt.host ||
				got.PerBranch != tt.perBranch {
				t.Errorf("got namespace %q release %q url %q host %q per branch %v", got.Namespace, got.Release, got.URL, got.Host, got.PerBranch)
			}
		})
	}
}

func TestNewRefusesNames(t *testing.T) {
	long := strings.Repeat("x", 50)
	for _, tt := range []struct {
		name, what string
		source     Source
		templates  Templates
	}{
		{"app with capitals", "app", Source{App: "Shop", Branch: "b"}, Templates{}},
		{"slug too long", "slug", Source{App: "shop", Slug: strings.Repeat("s", 41)}, Templates{}},
		{"slug of an attacker", "slug", Source{App: "shop", Slug: "a\n::error::"}, Templates{}},
		{"namespace too long", "namespace", Source{App: long, Branch: "main-branch"}, Templates{}},
		{"namespace ends in a dash", "namespace", branch("b"), Templates{Namespace: "pr-"}},
		{"namespace with a dot", "namespace", branch("b"), Templates{Namespace: "a.b"}},
		{"branch as it is", "namespace", branch("a/b"), Templates{Namespace: "{{ .Branch }}"}},
		{"namespace empty", "namespace", branch("b"), Templates{Namespace: "{{/* nothing */}}"}},
		{"release too long", "release", branch("b"), Templates{Release: strings.Repeat("r", 54)}},
		{"release with empty part", "release", branch("b"), Templates{Release: "a..b"}},
		{"no scheme", "url", branch("b"), Templates{URL: "shop.example.com"}},
		{"script", "url", branch("b"), Templates{URL: "javascript:alert(1)"}},
		{"no host", "url", branch("b"), Templates{URL: "https:///x"}},
		{"password", "url", branch("b"), Templates{URL: "https://u:hunter2@example.com"}},
		{"password that makes it no URL", "url", branch("b"), Templates{URL: "https://u:%zzhunter2@example.com"}},
		{"password without a scheme", "url", branch("b"), Templates{URL: "//bob:hunter2-hunter2@h/"}},
		{"password behind one slash", "url", branch("b"), Templates{URL: "https:/bob:hunter2-hunter2@h/"}},
		{"password alone", "url", branch("b"), Templates{URL: "bob:hunter2-hunter2@h"}},
		{"password for a port", "url", branch("b"), Templates{URL: "https://h:hunter2/"}},
		{"token for a user", "url", branch("b"), Templates{URL: "https://hunter2@example.com"}},
		{"newline", "url", branch("b"), Templates{URL: "https://example.com/\nEVIL=1"}},
		{"host label too long", "url", branch("b"), Templates{URL: "https://" + strings.Repeat("h", 64) + ".example.com"}},
		{"branch that brings its own host", "url", branch("evil.com/"), Templates{URL: "https://{{ .Branch }}.example.com"}},
		{"branch that brings its own host with @", "url", branch("x@evil.com/"), Templates{URL: "https://{{ .Branch }}.example.com"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := New(tt.source, tt.templates)
			var name *NameError
			if !errors.As(err, &name) {
				t.Fatalf("got %+v, %v; want a NameError", got, err)
			}
			if name.What != tt.what || name.Limit == "" || name.Next == "" {
				t.Errorf("got %+v", name)
			}
			if s := err.Error(); strings.Contains(s, "hunter2") || strings.ContainsAny(s, "\n") {
				t.Errorf("the error says too much: %q", s)
			}
		})
	}
}

func TestNewRefusesTemplates(t *testing.T) {
	for name, templates := range map[string]Templates{
		"does not parse":      {Namespace: "{{ .Slug"},
		"unknown value":       {Namespace: "{{ .Branhc }}"},
		"function":            {Namespace: `{{ env "HOME" }}`},
		"no pull request":     {Namespace: "pr-{{ .PullRequest }}"},
		"no commit":           {Release: "r-{{ .SHA }}"},
		"url before it is":    {Namespace: "{{ .URL }}"},
		"release in the name": {Namespace: "{{ .Release }}"},
	} {
		_, err := New(branch("b"), templates)
		var bad *TemplateError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), ".Slug") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestLabels(t *testing.T) {
	s := Source{Host: "github.com", Repository: "acme/shop", Branch: "grün\xff", PullRequest: 3, RunURL: "https://ci/1"}
	own, err := New(s, Templates{URL: "https://{{ .Slug }}.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{
		ownership.LabelManagedBy: "berth", ownership.LabelApp: "shop", ownership.LabelRepository: own.RepositoryHash,
		ownership.LabelIdentity: own.Identity,
	}; !maps.Equal(own.Labels, want) {
		t.Errorf("labels %v, want %v", own.Labels, want)
	}
	for key, value := range own.Labels {
		if len(value) > maxLabel || !labelPattern.MatchString(value) {
			t.Errorf("label %s=%q is not a label value", key, value)
		}
	}
	if want := map[string]string{
		ownership.AnnotationHost: "github.com", ownership.AnnotationRepository: "acme/shop", ownership.AnnotationHeadRepository: "acme/shop",
		ownership.AnnotationBranch: "grün\uFFFD", ownership.AnnotationPullRequest: "3", ownership.AnnotationRunURL: "https://ci/1",
		ownership.AnnotationURL: own.URL, ownership.AnnotationRelease: "shop", ownership.AnnotationDeployedBy: own.Identity,
	}; !maps.Equal(own.Annotations, want) {
		t.Errorf("annotations %v, want %v", own.Annotations, want)
	}

	if want := map[string]string{
		ownership.AnnotationHost: "github.com", ownership.AnnotationRepository: "acme/shop", ownership.AnnotationHeadRepository: "acme/shop",
		ownership.AnnotationBranch: "grün\uFFFD", ownership.AnnotationPullRequest: "3",
	}; !maps.Equal(own.Origin(), want) {
		t.Errorf("records say %v, want %v", own.Origin(), want)
	}

	shared, err := New(s, Templates{Namespace: "reviews"})
	if err != nil {
		t.Fatal(err)
	}
	if shared.Labels[ownership.LabelIdentity] != "" || shared.Annotations[ownership.AnnotationBranch] != "" {
		t.Errorf("a shared namespace names one branch: %v %v", shared.Labels, shared.Annotations)
	}
	if shared.Annotations[ownership.AnnotationDeployedBy] != shared.Identity {
		t.Errorf("it does not say who was first: %v", shared.Annotations)
	}
}

func TestIdentity(t *testing.T) {
	base := Source{Host: "github.com", Repository: "acme/shop", Branch: "patch-1"}
	same := Source{Host: "GitHub.com", Repository: "Acme/Shop", HeadRepository: "acme/shop", Branch: "patch-1", PullRequest: 5, SHA: "abc",
		App: "x"}
	if Identity(base) != Identity(same) {
		t.Error("case, pull request, commit and app are no part of the identity")
	}
	for name, other := range map[string]Source{
		"host":       {Host: "gitlab.com", Repository: "acme/shop", Branch: "patch-1"},
		"repository": {Host: "github.com", Repository: "acme/shop2", HeadRepository: "acme/shop", Branch: "patch-1"},
		"fork":       {Host: "github.com", Repository: "acme/shop", HeadRepository: "mallory/shop", Branch: "patch-1"},
		"case":       {Host: "github.com", Repository: "acme/shop", Branch: "Patch-1"},
	} {
		if Identity(base) == Identity(other) {
			t.Errorf("%s is a part of the identity", name)
		}
	}
	if fingerprint("ab", "c") == fingerprint("a", "bc") || fingerprint("a") == fingerprint("a", "") {
		t.Error("parts run into each other")
	}
	if RunHash("https://ci/1", 1) == RunHash("https://ci/1", 2) || !labelPattern.MatchString(RunHash("", 0)) {
		t.Error("attempts are told apart by a label value")
	}
}

// FuzzIdentity sees that one identity is one branch of one repository, and the names
// made for it are names.
func FuzzIdentity(f *testing.F) {
	f.Fuzz(func(t *testing.T, repository, head, branch, otherHead, otherBranch string) {
		one := Source{Host: "github.com", Repository: repository, HeadRepository: head, Branch: branch}
		other := Source{Host: "GitHub.com", Repository: repository, HeadRepository: otherHead, Branch: otherBranch}
		home := func(s Source) string { return fold(cmp.Or(s.HeadRepository, s.Repository)) }
		if same := branch == otherBranch && home(one) == home(other); same != (Identity(one) == Identity(other)) {
			t.Fatalf("%+v and %+v: the same branch: %v", one, other, same)
		}
		if !labelPattern.MatchString(Identity(one)) || len(Identity(one)) != hashDigits {
			t.Fatalf("%q is no label value", Identity(one))
		}
		named, err := New(one, Templates{URL: "https://{{ .Slug }}.example.com/{{ .Branch }}"})
		if err != nil {
			return // the names would not fit
		}
		for _, name := range []string{named.Namespace, named.Release, named.Slug} {
			if len(name) > maxLabel || !labelPattern.MatchString(name) {
				t.Fatalf("%q is no name", name)
			}
		}
		if named.Host != named.Slug+".example.com" {
			t.Fatalf("the branch leads to the host %q", named.Host)
		}
	})
}

// The address is an output, which scripts take, and a variable of GitLab's.
func TestBranchInURL(t *testing.T) {
	source := Source{Repository: "acme/shop", App: "shop", Branch: "a&curl$IFS@x+'`;|(){}!é"}
	got, err := New(source, Templates{URL: "https://example.com/{{ .Branch }}?a=1&b=$2"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "https://example.com/a%26curl%24IFS%40x%2B%27%60%3B%7C%28%29%7B%7D%21%C3%A9?a=1&b=$2"; got.URL != want {
		t.Errorf("got %s, want %s", got.URL, want)
	}
}
