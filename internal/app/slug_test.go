package app

import (
	"strings"
	"testing"
)

func branch(name string) Source {
	return Source{Host: "github.com", Repository: "acme/shop", Branch: name}
}

func TestSlug(t *testing.T) {
	hash := func(name string) string { return Identity(branch(name))[:6] }
	long := strings.Repeat("a", 41)
	for _, tt := range []struct{ name, want string }{
		{"main", "main"},
		{"fix-login-2", "fix-login-2"},
		{strings.Repeat("a", 40), strings.Repeat("a", 40)},
		{long, strings.Repeat("a", 33) + "-" + hash(long)},
		{"Main", "main-" + hash("Main")},
		{"feature/login", "feature-login-" + hash("feature/login")},
		{"feature//login", "feature-login-" + hash("feature//login")},
		{"a--b", "a-b-" + hash("a--b")},
		{"-a-", "a-" + hash("-a-")},
		{"7-seas", "b-7-seas-" + hash("7-seas")},
		{"🎉", "b-" + hash("🎉")},
		{"", "b-" + hash("")},
		{"---", "b-" + hash("---")},
		{"party-🎉-time", "party-time-" + hash("party-🎉-time")},
		{"grün", "gr-n-" + hash("grün")},
		{"\xff\xfe", "b-" + hash("\xff\xfe")},
		// The cut falls on a dash, which is not doubled.
		{strings.Repeat("a", 32) + "-" + long, strings.Repeat("a", 32) + "-" + hash(strings.Repeat("a", 32)+"-"+long)},
	} {
		if got := Slug(branch(tt.name)); got != tt.want {
			t.Errorf("Slug(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

// A branch of the base repository cannot be called like the slug of another.
func TestSlugOfABranchThatIsCalledLikeOne(t *testing.T) {
	for _, name := range []string{
		Slug(branch("feature/login")), Slug(branch("🎉")), Slug(branch(strings.Repeat("a", 41))), "fix-abcdef", "b-123456",
	} {
		if got, want := Slug(branch(name)), cutTo(name, 33)+"-"+Identity(branch(name))[:6]; got != want {
			t.Errorf("Slug(%q) = %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"fix-abcdeg", "fix-abcde", "fix-1234567", "abcdef", "fix-login-2"} {
		if got := Slug(branch(name)); got != name {
			t.Errorf("Slug(%q) = %q", name, got)
		}
	}
}

// Anybody may name the branch of a fork.
func TestSlugTellsForksApart(t *testing.T) {
	from := func(head, name string) Source {
		s := branch(name)
		s.HeadRepository = head
		return s
	}
	seen := map[string]string{}
	for _, s := range []Source{
		branch("patch-1"), from("mallory/shop", "patch-1"), from("octo/shop", "patch-1"), from("octo/shop", "Patch-1"),
		from("octo/shop", Slug(from("mallory/shop", "patch-1"))), branch(Slug(from("octo/shop", "patch-1"))),
		from("octo/shop", "login"), branch("login"), from("octo/shop", "🎉"), from("octo/shop", "xn"),
		from("octo/shop", strings.Repeat("a", 41)),
	} {
		slug, who := Slug(s), s.HeadRepository+" "+s.Branch
		if other, ok := seen[slug]; ok {
			t.Errorf("%s and %s are both %q", who, other, slug)
		}
		seen[slug] = who
	}
	for _, tt := range []struct{ name, want string }{
		{"patch-1", "patch-1--"}, {"xn", "b-xn--"}, {"🎉", "b--"}, {"Feature/X", "feature-x--"},
		{strings.Repeat("a", 41), strings.Repeat("a", 22) + "--"}, {strings.Repeat("a", 21) + "-b", strings.Repeat("a", 21) + "--"},
	} {
		s := from("octo/shop", tt.name)
		if got := Slug(s); got != tt.want+Identity(s) {
			t.Errorf("Slug(%q of a fork) = %q, want %q", tt.name, got, tt.want+Identity(s))
		}
	}
	if got := Slug(from("Acme/Shop", "login")); got != "login" {
		t.Errorf("the base repository in other letters has the slug %q", got)
	}
}

func TestName(t *testing.T) {
	for repository, want := range map[string]string{
		"acme/shop":               "shop",
		"group/sub/Shop_API":      "shop-api",
		"acme/2048":               "b-2048",
		"acme/shop.example.com":   "shop-example-com",
		"acme/___":                "b-" + fingerprint("", "acme/___")[:6],
		"acme/-leading-trailing-": "leading-trailing",
	} {
		if got := Name(repository); got != want {
			t.Errorf("Name(%q) = %q, want %q", repository, got, want)
		}
	}
}

// FuzzSlug holds two branches against each other, each of the base repository or of
// a fork.
func FuzzSlug(f *testing.F) {
	f.Fuzz(func(t *testing.T, name, head, otherName, otherHead string) {
		one, other := branch(name), branch(otherName)
		one.HeadRepository, other.HeadRepository = head, otherHead
		slug, otherSlug := Slug(one), Slug(other)
		if err := checkSlug(slug); err != nil {
			t.Fatal(err)
		}
		if slug != Slug(one) {
			t.Fatal("not the same twice")
		}
		if !one.fromFork() && slug != name && !strings.HasSuffix(slug, "-"+Identity(one)[:6]) {
			t.Fatalf("%q became %q without the hash", name, slug)
		}
		if one.fromFork() && !strings.HasSuffix(slug, "--"+Identity(one)) {
			t.Fatalf("%q of the fork %q became %q without its identity", name, head, slug)
		}
		if strings.HasPrefix(slug[min(2, len(slug)):], "--") {
			t.Fatalf("%q cannot be a host name", slug)
		}
		if slug != otherSlug || Identity(one) == Identity(other) {
			return
		}
		// What is left is two changed names of the base repository with one hash.
		if one.fromFork() || other.fromFork() || slug == name || otherSlug == otherName {
			t.Fatalf("%q of %q and %q of %q have one slug: %q", name, head, otherName, otherHead, slug)
		}
	})
}
