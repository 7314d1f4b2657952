package ownership

// AnnotationHookOf is what Berth writes on each object that a hook of a release makes:
// the release, as namespace/name. Helm writes no owner on them.
const AnnotationHookOf = "berth.dev/hook-of"
