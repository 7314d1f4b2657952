package app

// ByName returns a release under the names that it has, whichever branch it is for, if
// any: it has no identity. Its error is a *NameError.
func ByName(namespace, release string) (App, error) {
	if err := checkNamespace(namespace); err != nil {
		return App{}, err
	}
	return App{Namespace: namespace, Release: release}, checkRelease(release)
}
