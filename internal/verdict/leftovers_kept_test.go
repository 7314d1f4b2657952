package verdict

import (
	"slices"
	"testing"

	"github.com/berth-dev/berth/internal/facts"
)

// Whichever of the revisions that failed says that an object is to be kept holds it, and what it is in, of or bound to.
func TestLeftoversThatOneRevisionKeeps(t *testing.T) {
	of := func(kind, namespace, name string) facts.Object {
		return facts.Object{Ref: facts.Ref{APIVersion: "v1", Kind: kind, Namespace: namespace, Name: name}, Exists: true, Owned: true}
	}
	kept := func(o facts.Object) facts.Object { o.Kept = true; return o }
	gone := func(o facts.Object) facts.Object { o.Exists = false; return o }
	going := func(o facts.Object) facts.Object { o.Deleting = true; return o }
	note, data, ns := of("ConfigMap", "review", "note"), of(claimKind, "data", "data"), of("Namespace", "", "data")
	disk, bound := of(volumeKind, "", "disk"), of(claimKind, "review", "bound")
	bound.Volume = "disk"
	for name, c := range map[string]struct {
		abandoned []facts.Object // the newest revision's first
		stays     []facts.Object // whatever else keeps them
		want      []string
	}{
		"none says so":                     {[]facts.Object{note, note}, nil, []string{"note"}},
		"the newest says so":               {[]facts.Object{kept(note), note}, nil, nil},
		"an older one says so":             {[]facts.Object{note, kept(note)}, nil, nil},
		"what is in a Namespace":           {[]facts.Object{kept(data), data, ns}, nil, nil},
		"which was never made":             {[]facts.Object{kept(gone(data)), ns}, nil, []string{"data"}},
		"which goes already":               {[]facts.Object{kept(going(data)), ns}, nil, []string{"data"}},
		"what is bound to a volume":        {[]facts.Object{disk, kept(bound)}, nil, nil},
		"all of it goes":                   {[]facts.Object{data, ns}, nil, []string{"data", "data"}},
		"what stays for something else":    {[]facts.Object{data, ns}, []facts.Object{data}, nil},
		"what is in it is somebody else's": {[]facts.Object{{Ref: data.Ref, Exists: true}, ns}, nil, nil},
	} {
		all := slices.DeleteFunc(Leftovers(c.abandoned, nil), func(o facts.Object) bool {
			return slices.ContainsFunc(c.stays, func(s facts.Object) bool { return s.Ref == o.Ref })
		})
		own, said := WithoutHeld(all, c.abandoned)
		var got []string
		for _, o := range own {
			got = append(got, o.Name)
		}
		if !slices.Equal(got, c.want) || len(own)+len(said) != len(all) {
			t.Errorf("%s: %v go, and it is said that %q", name, got, said)
		}
	}
}
