package probe

// Next returns what to do about a failure, as an instruction.
func (f *Failure) Next() string {
	switch f.Step {
	case StepName:
		return "Make a DNS record for the host, a wildcard for all review apps say, or correct url. external-dns may take longer than " +
			"probe-timeout."
	case StepConnect:
		return "Check that the ingress controller or load balancer is reachable from this runner, and that url has the right port."
	case StepTLS:
		return "See whether the certificate has been issued (kubectl get certificate), or give url with http://. A certificate of " +
			"one's own CA is trusted where SSL_CERT_FILE names that CA."
	case StepAnswer:
		return "Look at the app's log: something accepts the connection and does not answer in time."
	case StepExpect:
		return "Look at the app's log, or say with probe-expect which answer is right, and with probe at which path."
	case StepProxy:
		return "Check that the chart makes an Ingress or route for the host of url, of the class that the cluster serves, and that its " +
			"Service has a ready pod behind it."
	case StepVersion:
		return "See whether an older pod, a cache or another environment answers at url, and that the image was built for this commit."
	}
	return "Report this, please."
}
