package wacloud

// Marketing sends a [Template] through the Marketing Messages API, the endpoint marketing_messages, which takes approved
// marketing templates only: others are refused with the codes 100, 131055 and 134100 (Meta,
// marketing-messages/send-marketing-messages, read 2026-03). It is a [SendOption] and a part of [Outgoing]:
//
//	client.Send(ctx, to, template, wacloud.Marketing{})
type Marketing struct {
	// ProductPolicy is what happens where the API is not open to the account: "CLOUD_API_FALLBACK", Meta's default and
	// what empty means, sends the template as usual; "STRICT" refuses it.
	ProductPolicy string
	// ActivitySharing lets Meta use what users do with the message. Nil is the setting of the account.
	ActivitySharing *bool
}

func (m Marketing) applySend(c *sendConfig) { c.marketing = &m }

// cloudFallback is Meta's default of the product policy.
const cloudFallback = "CLOUD_API_FALLBACK"
