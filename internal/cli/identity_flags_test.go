package cli

import "testing"

// Whoever copies a command is to run it for the branch that it was printed for.
func TestShellQuoted(t *testing.T) {
	for word, want := range map[string]string{
		"feature/login-1.0":   "feature/login-1.0",
		"a b":                 "'a b'",
		"it's;rm":             `'it'\''s;rm'`,
		"$(id)":               "'$(id)'",
		"main\u200b":          `$'main\u200b'`,
		"a\u2028$'b\"\u202e'": `$'a\u2028$\x27b\"\u202e\x27'`,
		"x\U000e0041":         `$'x\U000e0041'`,
		"no blank\u00a0blank": `$'no blank\u00a0blank'`,
	} {
		if got := shellQuoted(word); got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
	}
}
