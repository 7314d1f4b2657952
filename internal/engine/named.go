package engine

import (
	"context"

	"github.com/berth-dev/berth/internal/facts"
)

// named returns the objects that the records of a release name: those of its manifests and
// hooks, and the claims of its StatefulSets. What may not be read is named all the same.
func (g *gatherer) named(ctx context.Context, f *facts.Facts) (refs []facts.Ref, err error) {
	for i := range f.Records {
		objects, err := g.objectsOf(ctx, &f.Records[i])
		if err != nil && !isAboutObjects(err) {
			return nil, err
		}
		hooks, err := g.objectsOfHooks(ctx, f.Records[i].Hooks)
		if err != nil && !isAboutObjects(err) {
			return nil, err
		}
		claims, err := g.objects.Claims(ctx, f.Records[i].Manifest, facts.ClaimsOfChart)
		if err != nil && !isAboutObjects(err) {
			return nil, err
		}
		for _, o := range objects {
			refs = append(refs, o.Ref)
		}
		for _, h := range hooks {
			refs = append(refs, h.Object.Ref)
		}
		for _, c := range claims {
			refs = append(refs, c.Ref)
		}
	}
	return refs, nil
}
