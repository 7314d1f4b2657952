package ownership

import "testing"

// What an object names is called like a release only where it can be one.
func TestReleaseString(t *testing.T) {
	for r, want := range map[Release]string{
		{}:                             "",
		{"review-1", "shop.v1"}:        "review-1/shop.v1",
		{"review-1", ""}:               "review-1/",
		{"review-1", "shop\n$ curl x"}: `review-1/"shop\n$ curl x"`,
		{"review-1", "a/b"}:            `review-1/"a/b"`,
		{"review-1\u2028", "shop"}:     `"review-1\u2028"/shop`,
	} {
		if got := r.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := HookOf(map[string]string{AnnotationHookOf: "review-1/shop\n$ curl x"}); got != `review-1/"shop\n$ curl x"` {
		t.Error(got)
	}
}
