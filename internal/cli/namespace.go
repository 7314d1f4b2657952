package cli

import (
	"context"
	"maps"
	"time"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/input"
	"github.com/berth-dev/berth/internal/kube"
	"github.com/berth-dev/berth/internal/kube/namespaces"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/result"
)

// namespace implements engine.Namespaces with internal/kube/namespaces.
type namespace struct {
	manager     namespaces.Manager
	name        string
	labels      map[string]string // of a namespace that is created or adopted
	annotations map[string]string
	notes       map[string]string // that each deploy makes on it
	// stamps are the notes that tell how the branch's app is; empty ones take older ones away.
	// They are on a namespace of the branch's own.
	stamps   func() map[string]string
	identity string
	note     func(result.Note)
	now      func() time.Time // by the API server's clock
}

// newNamespace gives the namespace the labels of the input namespace-label. Berth's
// own take precedence over them.
func newNamespace(conn *kube.Conn, t target, aside *notes, o *input.Options) namespace {
	labels := make(map[string]string, len(o.NamespaceLabels)+len(t.Labels))
	maps.Copy(labels, o.NamespaceLabels)
	maps.Copy(labels, t.Labels)
	notes := map[string]string{ownership.AnnotationDeploy: t.run}
	if len(o.CopySecrets) > 0 {
		notes[ownership.AnnotationCopies] = "true"
	}
	if o.Quota != "" {
		notes[ownership.AnnotationQuota] = "true"
	}
	return namespace{
		manager: namespaces.Manager{Client: conn.Clientset(), Metadata: conn.Metadata(), Served: conn.Served},
		name:    t.Namespace, labels: labels, note: aside.add, notes: notes, now: server{conn}.Now,
		annotations: ownership.Merge(t.Annotations, notes),
		stamps:      t.stamps, identity: t.Identity,
	}
}

func (n namespace) Namespace(ctx context.Context) (facts.Namespace, error) {
	ns, err := n.manager.Get(ctx, n.name)
	return ns, apifailure.Classify(err, "read namespace "+n.name)
}

func (n namespace) CreateNamespace(ctx context.Context) (ns facts.Namespace, fresh bool, err error) {
	annotations := n.annotations
	if n.labels[ownership.LabelIdentity] != "" {
		annotations = ownership.Merge(annotations, n.stamps())
		maps.DeleteFunc(annotations, func(_, value string) bool { return value == "" })
	}
	made, err := n.manager.Ensure(ctx, n.name, n.labels, annotations)
	for _, note := range made.Notes {
		n.note(note)
	}
	return made.Namespace, made.Made, apifailure.Classify(err, "create namespace "+n.name)
}

func (n namespace) AdoptNamespace(ctx context.Context, ns facts.Namespace) (facts.Namespace, error) {
	annotations := ownership.Merge(n.annotations, map[string]string{ownership.AnnotationAdopted: n.now().UTC().Format(time.RFC3339)})
	if by := ns.DeployedBy; by != "" && by != annotations[ownership.AnnotationDeployedBy] { // it was restored, say
		annotations = ownership.Merge(annotations, map[string]string{ownership.AnnotationShared: "true"})
	}
	adopted, err := n.manager.Mark(ctx, ns.Name, ns.UID, n.labels, annotations)
	return adopted, apifailure.Classify(err, "adopt namespace "+ns.Name)
}

func (n namespace) StampNamespace(ctx context.Context, ns facts.Namespace, share bool) (facts.Namespace, error) {
	notes := n.notes
	if ns.Identity == n.identity && !ns.Shared && !share {
		notes = ownership.Merge(notes, n.stamps())
	}
	// It was made by a run of this branch that was killed then, or could not mark it. What has been there since, another
	// branch's claims perhaps, is as little known as in one that is adopted, and holds it in the same way.
	if ns.Unmarked && ns.DeployedBy == n.identity && !ns.Shared && !share {
		notes = ownership.Merge(notes, map[string]string{ownership.AnnotationNamespaceUID: ns.UID,
			ownership.AnnotationAdopted: n.now().UTC().Format(time.RFC3339)})
	}
	stamped, err := n.manager.Stamp(ctx, ns, notes, share)
	return stamped, apifailure.Classify(err, "note on namespace "+ns.Name+" that this run deploys there")
}

// ConfirmNamespace writes another value than StampNamespace has: what changes nothing leaves the
// resourceVersion by which a deletion is held.
func (n namespace) ConfirmNamespace(ctx context.Context, ns facts.Namespace) (facts.Namespace, error) {
	stored := map[string]string{ownership.AnnotationDeploy: n.notes[ownership.AnnotationDeploy] + "-stored"}
	confirmed, err := n.manager.Stamp(ctx, ns, stored, false)
	return confirmed, apifailure.Classify(err, "note on namespace "+ns.Name+" that this run has deployed there")
}

func (n namespace) Residents(ctx context.Context) (residents []facts.Resident, unlisted []string, err error) {
	residents, unlisted, err = n.manager.Residents(ctx, n.name)
	return residents, unlisted, apifailure.Classify(err, "look at what is in namespace "+n.name)
}

func (n namespace) Volumes(ctx context.Context, of string) ([]facts.Volume, error) {
	volumes, err := n.manager.Volumes(ctx, n.name, of)
	return volumes, apifailure.Classify(err, "look at the volumes of namespace "+n.name)
}

func (n namespace) DeleteNamespace(ctx context.Context, ns facts.Namespace) error {
	if err := n.manager.Delete(ctx, ns); err != nil {
		return apifailure.Classify(err, "delete namespace "+ns.Name)
	}
	return n.WaitNamespaceGone(ctx, ns)
}

func (n namespace) Going(ctx context.Context, ns facts.Namespace) (facts.Going, error) {
	left, err := n.manager.Going(ctx, ns)
	return left, apifailure.Classify(err, "see what is left in namespace "+ns.Name)
}

func (n namespace) WaitNamespaceGone(ctx context.Context, ns facts.Namespace) error {
	return apifailure.Classify(n.manager.WaitGone(ctx, ns.Name, ns.UID), "wait until namespace "+ns.Name+" is gone")
}
