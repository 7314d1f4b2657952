package kube

import (
	"crypto/tls"
	"errors"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/pkg/apis/clientauthentication"
	"k8s.io/client-go/pkg/apis/clientauthentication/install"
	clientauthv1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	clientauthv1beta1 "k8s.io/client-go/pkg/apis/clientauthentication/v1beta1"
	"k8s.io/client-go/rest"
)

// pluginCodecs read and write what is exchanged with a credential plugin. They are made
// when there is one.
var pluginCodecs = sync.OnceValue(func() serializer.CodecFactory {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	return serializer.NewCodecFactory(scheme)
})

// pluginAPI is how a credential plugin is talked to:
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
type pluginAPI struct {
	version schema.GroupVersion
	cluster *clientauthentication.Cluster // nil where the kubeconfig does not want it told
}

func newPluginAPI(config *rest.Config) (pluginAPI, error) {
	api := pluginAPI{}
	switch config.ExecProvider.APIVersion {
	case clientauthv1.SchemeGroupVersion.String():
		api.version = clientauthv1.SchemeGroupVersion
	case clientauthv1beta1.SchemeGroupVersion.String():
		api.version = clientauthv1beta1.SchemeGroupVersion
	default:
		return api, fmt.Errorf("its credential plugin has the apiVersion %q; there are %s and %s", config.ExecProvider.APIVersion,
			clientauthv1.SchemeGroupVersion, clientauthv1beta1.SchemeGroupVersion)
	}
	if !config.ExecProvider.ProvideClusterInfo {
		return api, nil
	}
	var err error
	api.cluster, err = rest.ConfigToExecCluster(config)
	return api, err
}

// request returns what the plugin is given.
func (a pluginAPI) request(interactive bool) ([]byte, error) {
	return runtime.Encode(pluginCodecs().LegacyCodec(a.version), &clientauthentication.ExecCredential{
		Spec: clientauthentication.ExecCredentialSpec{Interactive: interactive, Cluster: a.cluster},
	})
}

// credentials reads the plugin's answer. Its errors quote nothing of it.
func (a pluginAPI) credentials(answer []byte) (*pluginCredentials, error) {
	read := &clientauthentication.ExecCredential{}
	_, kind, err := pluginCodecs().UniversalDecoder(a.version).Decode(answer, nil, read)
	if err != nil || kind.GroupVersion() != a.version {
		return nil, fmt.Errorf("what it printed is no ExecCredential of %s, which the kubeconfig asks for", a.version)
	}
	status := read.Status
	switch {
	case status == nil || status.Token == "" && status.ClientCertificateData == "" && status.ClientKeyData == "":
		return nil, errors.New("it printed neither a token nor a certificate")
	case (status.ClientCertificateData == "") != (status.ClientKeyData == ""):
		return nil, errors.New("it printed a certificate without its key, or a key without its certificate")
	}
	given := &pluginCredentials{token: status.Token, key: status.ClientKeyData}
	if status.ExpirationTimestamp != nil {
		given.expires = status.ExpirationTimestamp.Time
	}
	if status.ClientCertificateData == "" {
		return given, nil
	}
	pair, err := tls.X509KeyPair([]byte(status.ClientCertificateData), []byte(status.ClientKeyData))
	if err != nil {
		return nil, errors.New("the certificate that it printed cannot be read, or its key does not fit")
	}
	given.cert = &pair
	return given, nil
}
