package ownership

// Written is an object that is there, and that a release is about to write to.
type Written struct {
	Labels, Annotations map[string]string
	Controller          string // the object that controls it, as kind/name; "": none does
	// Had says that the manifest before has it, and Made that a revision which ended well has:
	// one that failed may never have come to it.
	Had, Made bool
}

// NotToWrite returns why an object is not the release's own to write to, or "". What names
// nobody is the release's, as for Helm's upgrade, which gives it its marks again, where the
// release has made one of that name, and nothing says that somebody else has made this one
// since.
func NotToWrite(r Release, o Written) string {
	if owner := OtherOwner(r, o.Labels, o.Annotations); owner != "" {
		return "it belongs to " + owner
	}
	made := HookOf(o.Annotations)
	switch {
	case OwnerOf(o.Labels, o.Annotations) == r, o.Had && NamedRelease(o.Annotations) == r:
		return ""
	case !o.Had:
		return "it belongs to nobody that it names"
	case made != "" && made != r.String():
		return "it names no release as its owner, and a hook of release " + made + " made it"
	case o.Controller != "":
		return "it names no release as its owner, and belongs to " + o.Controller
	case !o.Made:
		return "it names nobody as its owner, and no revision of this release that ended well has made it"
	}
	return ""
}
