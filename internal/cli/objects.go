package cli

import (
	"context"
	"slices"
	"sync"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/objects"
	"github.com/berth-dev/berth/internal/kube/rollout"
	"github.com/berth-dev/berth/internal/manifest"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/result"
)

// releaseObjects implements engine.Objects with internal/kube/objects.
type releaseObjects struct {
	conn    *kube.Conn
	target  target
	ignore  []string // what need not be ready
	foreign bool     // what others have in something that is to go may go, too
	claims  bool     // so may the claims that StatefulSets and hooks have left in it
	ahead   *foresight
	hide    *manifest.Sensitive // is told of each object as it lives
	given   *objects.Given      // what the pods are given
}

// foresight is what the engine knows of the release's end, for all that deletes something.
type foresight struct {
	mu sync.Mutex
	facts.Foresight
}

func (r releaseObjects) Foresee(f facts.Foresight) {
	r.ahead.mu.Lock()
	defer r.ahead.mu.Unlock()
	r.ahead.Foresight = f
}

func (r releaseObjects) Observe(ctx context.Context, manifest string) ([]facts.Object, error) {
	mapper, err := r.conn.Mapper(ctx)
	if err != nil {
		return nil, apifailure.Classify(err, "ask the API server for its kinds of object")
	}
	o := objects.Observer{Dynamic: r.conn.Dynamic(), Mapper: mapper, Client: r.conn.Clientset(), Hide: r.given.Noting(r.hide.Object),
		Mask: r.hide.Masked, Ignore: r.ignore}
	found, err := o.Observe(ctx, manifest, r.target.Release, r.target.Namespace)
	if slices.ContainsFunc(found, func(o facts.Object) bool { return o.Exists && !o.Ready }) {
		r.given.ReadLate(ctx) // why it is not is told with the words of its pods
		if why := r.given.Unread(); why != "" {
			result.WithholdReasons(found, why)
		}
	}
	return found, apifailure.Classify(err, "read the objects of release "+r.target.Release)
}

func (r releaseObjects) Claims(ctx context.Context, manifest string, scope facts.ClaimScope) ([]facts.Claim, error) {
	claims, err := objects.Observer{Client: r.conn.Clientset()}.Claims(ctx, manifest, r.release(), scope)
	return claims, apifailure.Classify(err, "look for the claims of release "+r.target.Release)
}

func (r releaseObjects) ClaimantsBeyond(manifest string, scope facts.ClaimScope) []facts.Ref {
	sets, err := objects.ClaimantsBeyond(manifest, r.release(), scope)
	if err != nil {
		return nil // Claims tells
	}
	return sets
}

func (r releaseObjects) release() ownership.Release {
	return ownership.Release{Namespace: r.target.Namespace, Name: r.target.Release}
}

func (r releaseObjects) NamedLater(manifests []string) [][]facts.Named {
	return manifest.NamedLater(manifests, r.target.Namespace)
}

func (r releaseObjects) Inside(ctx context.Context, ref facts.Ref) (why string, err error) {
	why, err = r.inside().Strangers(ctx, ref)
	return why, apifailure.Classify(err, "see what others have in "+ref.String())
}

func (r releaseObjects) inside() *objects.Inside {
	r.ahead.mu.Lock()
	defer r.ahead.mu.Unlock()
	return &objects.Inside{Dynamic: r.conn.Dynamic(), Metadata: r.conn.Metadata(), Served: r.conn.Served,
		NamespaceGoes: r.ahead.NamespaceGoes, Spared: r.ahead.Spared, Identity: r.target.Identity,
		DeleteForeign: r.foreign, DeleteClaims: r.claims, Release: r.release()}
}

func (r releaseObjects) Diagnose(ctx context.Context, unready []facts.Object) *result.Diagnostics {
	mapper, err := r.conn.Mapper(context.WithoutCancel(ctx))
	if err != nil {
		return nil
	}
	w := rollout.Waiter{Seen: r.given.Pod, Clients: rollout.Clients{
		Clientset: r.conn.Clientset(), Dynamic: r.conn.Dynamic(), Mapper: mapper, Namespace: r.target.Namespace,
	}}
	found := w.Diagnose(ctx, unready)
	r.given.Read(ctx) // it quotes the app's log
	if why := r.given.Unread(); why != "" {
		found.Withhold(why)
	}
	return found
}

func (r releaseObjects) Remove(ctx context.Context, leftovers []facts.Object, wait bool) (kept []string, err error) {
	mapper, err := r.conn.Mapper(ctx)
	if err != nil {
		return nil, apifailure.Classify(err, "ask the API server for its kinds of object")
	}
	remover := objects.Remover{Dynamic: r.conn.Dynamic(), Mapper: mapper, Inside: r.inside()}
	remove := remover.Remove
	if wait {
		remove = remover.RemoveAndWait
	}
	_, kept, err = remove(ctx, leftovers)
	return kept, apifailure.Classify(err, "delete objects of release "+r.target.Release)
}

func (r releaseObjects) GoingOf(ctx context.Context, deleted []facts.Object) (facts.Going, error) {
	mapper, err := r.conn.Mapper(ctx)
	if err != nil {
		return facts.Going{}, apifailure.Classify(err, "ask the API server for its kinds of object")
	}
	return objects.Goings{Metadata: r.conn.Metadata(), Mapper: mapper}.Going(ctx, deleted), nil
}

func (r releaseObjects) Strip(ctx context.Context, b facts.Blocker) ([]string, error) {
	return objects.Goings{Metadata: r.conn.Metadata()}.Strip(ctx, b)
}
