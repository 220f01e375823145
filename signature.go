package wacloud

// VerifySignature checks the X-Hub-Signature-256 header of a webhook against its raw body.
func VerifySignature(body []byte, header string, secrets ...Secret) error { panic("skeleton") }
