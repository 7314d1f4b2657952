package facts

// CauseKind names a sort of thing that keeps an object from becoming ready, or a hook
// from ending well: one that a person does the same about whenever it comes.
type CauseKind string

// The kinds of causes. Those above say more than those below of why a deploy failed,
// so that they are told first.
const (
	CauseImageName     CauseKind = "image-name-invalid"
	CauseImageMissing  CauseKind = "image-missing"
	CauseImageDenied   CauseKind = "image-denied"
	CauseConfigMissing CauseKind = "config-missing" // a Secret, ConfigMap, key, claim or service account
	CauseStart         CauseKind = "cannot-start"   // the runtime cannot create or start the container
	CauseMemory        CauseKind = "killed-for-memory"
	CauseCrash         CauseKind = "crash"
	CauseEnds          CauseKind = "ends"       // a server ends with exit code 0
	CauseJob           CauseKind = "job-failed" // a Job, or a Pod that is to run to its end
	CauseQuota         CauseKind = "quota"
	CauseRefused       CauseKind = "pods-refused" // by admission, Pod Security or a limit range
	CauseWebhook       CauseKind = "webhook-silent"
	CauseVolume        CauseKind = "no-volume"
	CauseNoNode        CauseKind = "no-node"
	CauseResource      CauseKind = "resource-failed" // a custom resource says so
	CauseImagePull     CauseKind = "image-not-pulled"
	CauseNode          CauseKind = "node-not-ready"
	CausePod           CauseKind = "pod-cannot-run" // whatever else its node says
	CauseProbe         CauseKind = "probe-fails"
	CauseNotReady      CauseKind = "not-ready" // nothing says why
)

// CauseKinds are all kinds, those that say most first.
var CauseKinds = []CauseKind{
	CauseImageName, CauseImageMissing, CauseImageDenied, CauseConfigMissing, CauseStart, CauseMemory, CauseCrash, CauseEnds, CauseJob,
	CauseQuota, CauseRefused, CauseWebhook, CauseVolume, CauseNoNode, CauseResource, CauseImagePull, CauseNode, CausePod, CauseProbe,
	CauseNotReady,
}

// Cause is why an object is not ready, in parts of which a headline can be made. The
// zero value is that of an object of which it was not asked. All text in it is
// untrusted, on one line and bounded.
type Cause struct {
	Kind      CauseKind
	Container string // that has it; "": none has
	// About is what it is about: the image, the Secret, the quota, the node, the limit.
	About string
	// Said is what whoever found it says, without the chain of who passed it on; of a
	// container that ended, the line of its log that tells why.
	Said     string
	ExitCode int // of a container that ended
}

// Withhold takes out what was said by others.
func (c *Cause) Withhold() { c.About, c.Said = "", "" }
