package helm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/ownership"
	"github.com/berth-dev/berth/internal/problem"
)

// takeOver makes c's release the owner of those objects whose owner, another release
// of its namespace, has no record any more, and returns the names of those that it
// wrote, with an error too. That a record is not found is no proof that nobody wants the
// object: what is kept on purpose, a GitOps controller's, or of a release that may be
// recorded elsewhere is taken only where adopt names it, and what a release has on record
// never. Where one object is not to be taken, nothing is written and the error names all
// such objects. core lists records.
func takeOver(ctx context.Context, c *client, core corev1client.CoreV1Interface, objects kube.ResourceList) ([]string, error) {
	foreign, err := lookUpOwners(ctx, c, core, objects)
	if err != nil {
		return nil, err
	}
	if err := refuseTakeOver(c, foreign); err != nil {
		return nil, err
	}
	return setOwners(c, foreign)
}

// lookUpOwners returns those of the objects that exist and are not known to be of c's release, with what is known of
// their owners.
func lookUpOwners(ctx context.Context, c *client, core corev1client.CoreV1Interface, objects kube.ResourceList) ([]foreignObject, error) {
	foreign, err := readForeign(c, objects)
	if err != nil {
		return nil, err
	}
	asked := map[ownership.Release]recorded{}
	for i := range foreign {
		o := &foreign[i]
		look := func(of ownership.Release) recorded {
			if _, known := asked[of]; !known {
				asked[of] = lookUpRecords(ctx, core, of)
			}
			return asked[of]
		}
		if of := o.release(); of != c.release && of.Namespace != "" && of.Name != "" {
			o.recorded = look(of)
		}
		o.beside(c.release, look)
		o.doubt = cmp.Or(o.recorded.unknown, doubtOf(o, c.release))
	}
	return foreign, nil
}

// foreignObject is an existing object that is not known to be the release's own.
type foreignObject struct {
	info     *resource.Info
	live     metav1.Object
	owner    ownership.Release // that its annotations name
	hookOf   ownership.Release // for whose hook it was made, as it says
	put      bool              // Berth has put it beside that release
	recorded recorded          // whether the owner has a record
	doubt    error             // why it is taken only where adopt names it; nil: there is no doubt
}

// release returns the release that an object is of: its owner or, where it names none, the one
// for whose hook it was made.
func (o *foreignObject) release() ownership.Release {
	if o.owner != (ownership.Release{}) {
		return o.owner
	}
	return o.hookOf
}

// beside finds out for which release Berth has put the object beside it, as a copy of a Secret or
// as a quota: this one, or another that has a record. What it holds is no chart's.
func (o *foreignObject) beside(own ownership.Release, look func(ownership.Release) recorded) {
	self := o.info.Namespace + "/" + o.info.Name
	says, ours := ownership.CompanionOf(self, o.live.GetLabels(), o.live.GetAnnotations())
	if !ours {
		return
	}
	for _, name := range says.ReleaseNames() {
		of := ownership.Release{Namespace: o.info.Namespace, Name: name}
		answer := recorded{found: true}
		if of != own {
			answer = look(of)
		}
		if answer.found || answer.unknown != nil {
			o.owner, o.put, o.recorded = of, true, answer
		}
		if answer.found {
			return
		}
	}
}

// readForeign reads the objects and returns those that exist and do not belong to
// c's release.
func readForeign(c *client, objects kube.ResourceList) ([]foreignObject, error) {
	all := make([]*foreignObject, len(objects))
	var reads errgroup.Group
	reads.SetLimit(parallelRequests)
	for i, info := range objects {
		reads.Go(func() error {
			live, err := c.readLive(info)
			if err != nil {
				return apifailure.Classify(err, fmt.Sprintf("read %s to see whose it is", refOf(info)))
			}
			if live != nil && c.notToWrite(info)(live) != "" {
				all[i] = &foreignObject{info: info, live: live, owner: ownership.NamedRelease(live.GetAnnotations()),
					hookOf: ownership.HookRelease(live.GetAnnotations())}
			}
			return nil
		})
	}
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	var foreign []foreignObject
	for _, o := range all {
		if o != nil {
			foreign = append(foreign, *o)
		}
	}
	return foreign, nil
}

// doubtOf returns why an object, of whose owner no record was found, may be wanted by
// somebody all the same, or nil. What names the release itself was its own: the marks
// that the chart itself puts on it tell of nobody else.
func doubtOf(o *foreignObject, release ownership.Release) error {
	manager := o.live.GetLabels()[ownership.LabelManagedBy]
	switch {
	case o.owner.Namespace == "" || o.owner.Name == "":
		return doubtOfUnmarked(o.live)
	case manager != "" && manager != ownership.ManagedByHelm:
		return fmt.Errorf("exists and is managed by %q", manager)
	}
	if err := doubtByMarks(o, o.owner == release); err != nil || o.owner == release {
		return err
	}
	switch {
	case metav1.GetControllerOf(o.live) != nil:
		return fmt.Errorf("is made by %s %q", metav1.GetControllerOf(o.live).Kind, metav1.GetControllerOf(o.live).Name)
	case !o.info.Namespaced():
		return fmt.Errorf("names release %s and is in no namespace: whether that release still exists cannot be told for certain", o.owner)
	case o.info.Namespace != release.Namespace, o.owner.Namespace != release.Namespace:
		return fmt.Errorf("names release %s of another namespace: whether that still exists cannot be told for certain", o.owner)
	}
	return nil
}

// doubtOfUnmarked says what is known of an object that names no release.
func doubtOfUnmarked(live metav1.Object) error {
	if made := ownership.HookOf(live.GetAnnotations()); made != "" {
		return fmt.Errorf("exists, names no release as its owner, and was made by a hook of release %s", made)
	}
	if by := controllerOf(live); by != "" {
		return fmt.Errorf("exists, names no release as its owner, and belongs to %s", by)
	}
	return errors.New("exists and names no release as its owner")
}

// doubtByMarks returns which mark says that somebody wants an object, or nil. own says
// that it names the release itself, so that only marks count that the chart's object
// does not have.
func doubtByMarks(o *foreignObject, own bool) error {
	wanted := metav1.Object(&unstructured.Unstructured{Object: map[string]any{}})
	if u, ok := o.info.Object.(*unstructured.Unstructured); ok && own {
		wanted = u
	}
	mark, marked := ownership.KeepMark(o.live.GetLabels(), o.live.GetAnnotations())
	if same, _ := ownership.KeepMark(wanted.GetLabels(), wanted.GetAnnotations()); marked && same != mark {
		return fmt.Errorf("names release %s, and %s", o.owner, mark)
	}
	for _, write := range o.live.GetManagedFields() {
		if ownership.IsGitOps(write.Manager) {
			return fmt.Errorf("names release %s, and a GitOps controller writes it (%s)", o.owner, write.Manager)
		}
	}
	if ownership.KeptByPolicy(o.live.GetAnnotations()) && !ownership.KeptByPolicy(wanted.GetAnnotations()) {
		return fmt.Errorf("names release %s, and was kept on purpose when that went (helm.sh/resource-policy: keep)", o.owner)
	}
	return nil
}

// notTaken returns why an object is not to be taken into the release, and whether adopt could have it taken; "" where
// it is to be.
func (o *foreignObject) notTaken(c *client) (why string, adoptable bool) {
	switch {
	case o.recorded.found && o.put:
		return fmt.Sprintf("is what copy-secret or quota has put there for release %s", o.release()), false
	case o.recorded.found:
		return fmt.Sprintf("belongs to release %s%s", o.release(), o.recorded.where), false
	case o.doubt != nil && !c.adopts(refOf(o.info)):
		return o.doubt.Error(), true
	}
	return "", false
}

// refuseTakeOver returns a *problem.Problem that names the objects which are not to be
// taken, or nil.
func refuseTakeOver(c *client, objects []foreignObject) error {
	var refused, adoptable []string
	for i := range objects {
		ref := refOf(objects[i].info)
		why, adopted := objects[i].notTaken(c)
		if why != "" {
			refused = append(refused, fmt.Sprintf("%s %s", ref, why))
		}
		if adopted {
			adoptable = append(adoptable, nameOf(ref))
		}
	}
	if len(refused) == 0 {
		return nil
	}
	p := &problem.Problem{Reason: problem.Foreign, Tried: "take the chart's objects into the release",
		Cause: errors.New(strings.Join(refused, "; ")),
		Next:  "Rename these objects in the chart, or remove their owner first. Nothing was touched."}
	if len(adoptable) > 0 {
		p.Next = fmt.Sprintf("Rename these objects in the chart or, if they are this review app's, name them in adopt, one a line: %s. "+
			"They are changed to what the chart says then. Teardown leaves them; where its own adopt names them, too, it deletes them, "+
			"with the data that they hold. Nothing was touched.", strings.Join(adoptable, ", "))
	}
	return p
}

// takenOver returns why an object outlives the release that it belongs to, or "".
func (c *client) takenOver(ref facts.Ref, live metav1.Object) string {
	from, taken := ownership.TakenOver(live.GetAnnotations())
	switch {
	case !taken:
	case !c.takenGo:
		return fmt.Sprintf("it was taken over from %q, and only the verb teardown with adopt naming it deletes it", from)
	case !c.adopts(ref):
		return fmt.Sprintf("it was taken over from %q, and adopt does not name it", from)
	}
	return ""
}

// adopts returns whether the user has named an object as one to take.
func (c *client) adopts(ref facts.Ref) bool { return slices.ContainsFunc(c.adopt, ref.Matches) }
