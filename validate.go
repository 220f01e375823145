package wacloud

import "math"

// Check returns the problems of a message, warnings included, in the order of the request body, or nil. A nil message
// and a nil pointer are problems too. It is pure and safe for concurrent use.
func Check(m Message) []Problem {
	c := newChecker()
	c.message(m)
	return c.finish()
}

// unit is what a limit counts.
type unit uint8

const (
	noUnit     unit = iota // a rule without a number
	characters             // Unicode code points: Meta never says what a character is
	utf8Bytes
	lineBreaks
	things // counted by the noun of the row
)

const unlimited = math.MaxInt

// source is where a rule stands, and when it was read.
type source struct{ page, date string }

// limit is one row of the table.
type limit struct {
	name     string
	what     string // what the row is about, for docs/limits.md
	min, max int
	unit     unit
	noun     string // plural, for things
	rule     string // the rule in words, for a row without a number
	severity Severity
	inferred bool
	from     source
	hint     string
	less     string // the hint for what is too short or too few, where it is not the usual one
}

// The sources: Meta's pages by the end of their address, and where Meta has none, who says so.
var (
	openAPI          = source{"OpenAPI v23.0", "2026-03"}
	sendMessages     = source{"send-messages", "2026-03"}
	textPage         = source{"text-messages", "2026-03"}
	imagePage        = source{"image-messages", "2026-03"}
	stickerPage      = source{"sticker-messages", "2026-03"}
	locationPage     = source{"location-messages", "2026-03"}
	contactsPage     = source{"contacts-messages", "2026-03"}
	reactionPage     = source{"reaction-messages", "2026-03"}
	repliesPage      = source{"contextual-replies", "2026-03"}
	mediaPage        = source{"business-phone-numbers/media", "2026-03"}
	buttonsPage      = source{"interactive-reply-buttons-messages", "2026-05"}
	listPage         = source{"interactive-list-messages", "2026-03"}
	ctaPage          = source{"interactive-cta-url-messages", "2026-03"}
	carouselPage     = source{"interactive-media-carousel-messages", "2025-12"}
	productsPage     = source{"interactive-product-carousel-messages", "2026-03"}
	productPage      = source{"single-product-messages", "2026-05"}
	multiPage        = source{"multi-product-messages", "2026-03"}
	flowPage         = source{"flows/guides/sendingaflow", "2026-06"}
	addressPage      = source{"address-messages", "2026-03"}
	callPage         = source{"call-button-messages-deep-links", "2026-03"}
	groupsPage       = source{"groups/groups-messaging", "2026-03"}
	userIDPage       = source{"business-scoped-user-ids", "2026-06"}
	changelogPage    = source{"changelog", "2024"}
	templatePage     = source{"templates/components", "2026-03"}
	offerPage        = source{"marketing-templates/limited-time-offer-templates", "2026-03"}
	spmPage          = source{"marketing-templates/spm-templates", "2026-03"}
	cardTemplatePage = source{"marketing-templates/media-card-carousel-templates", "2026-03"}
	otpPage          = source{"templates/authentication-templates", "2026-03"}
	tapPage          = source{"templates/tap-target-url-title-override", "2026-05"}
	changelog25Page  = source{"changelog", "2025-12"}
	paymentPage      = source{"payments/payments-in/pg", "2026-03"}
	ordersPage       = source{"payments/payments-br/orders", "2026-03"}
	orderStatusPage  = source{"payments/payments-in/orderstatus", "2026-03"}
	directPage       = source{"direct-send/supported-features-and-limits", "2026-07"}
	marketingPage    = source{"marketing-messages/send-marketing-messages", "2026-03"}
	labelBytesNote   = source{"a vendor's help article (Waxio); Meta says 20 characters", "2026-10"}
	ourReading       = source{"our reading", "2026-10"}
)

// limits is the table that every check takes its numbers and its words from, that docs/limits.md prints and that the
// boundary tests walk. It is never changed.
var limits = [ruleCount]limit{
	// Any text.
	ruleUTF8: {
		name: "text.utf8", what: "any text", rule: "UTF-8", inferred: true, from: ourReading,
		hint: "mend the encoding: the text would arrive changed",
	},
	ruleUTF16: {
		name: "text.utf16", what: "any text whose characters fit, counted in UTF-16", rule: "the same limit in UTF-16 units", severity: SeverityWarning, inferred: true, from: ourReading,
		hint: "characters outside the basic plane may count twice: shorten it if Meta refuses it",
	},
	ruleBlank: {
		name: "text.blank", what: "any text", rule: "something to read", severity: SeverityWarning, inferred: true, from: ourReading,
		hint: "write something, or leave it empty where it is optional",
	},
	ruleLabelBlank: {
		name: "label.blank", what: "titles and labels", rule: "something to read", inferred: true, from: ourReading,
		hint: "write a title",
	},
	ruleLabelBreak: {
		name: "label.break", what: "titles and labels", rule: "one line without control characters", inferred: true, from: ourReading,
		hint: "take the line break or control character out",
	},
	ruleLabelTab: {
		name: "label.tab", what: "titles and labels", rule: "no tab", severity: SeverityWarning, inferred: true, from: ourReading,
		hint: "write a space instead of the tab",
	},
	ruleLabelMarkdown: {
		name: "label.markdown", what: "titles and labels, header text included", rule: "no markdown", severity: SeverityWarning, from: buttonsPage,
		hint: "phones show the marks literally here: take them out",
	},
	ruleIDSpace: {
		name: "id.space", what: "any id", rule: "no space at its start or end", inferred: true, from: ourReading,
		hint: "trim it",
	},
	ruleIDRoute: {
		name: "id.route", what: "an id written by a Route", rule: "a value that the route can write", inferred: true, from: ourReading,
		hint: "check what the MarshalText of the parameter returns, and how long it is",
	},
	ruleURL: {
		name: "url", what: "any address", rule: "an http or https address with a host and without a user name", from: ctaPage,
		hint: "write the whole address, such as https://example.com/menu",
	},
	ruleURLLength: {
		name: "url.length", what: "any address", max: 2000, unit: characters, severity: SeverityWarning, inferred: true, from: ourReading,
		hint: "use a shorter address: Meta states no limit here, and 2000 for templates",
	},

	// The envelope.
	ruleMessage: {
		name: "message", what: "the message", rule: "a message of one of the kinds", from: sendMessages,
		hint: "pass a value, or a pointer that is not nil",
	},
	ruleTo: {
		name: "to", what: "the recipient", rule: "a recipient made by Phone, WaID, UserID or GroupID", from: sendMessages,
		hint: "say who gets the message",
	},
	ruleToPhone: {
		name: "to.phone", what: "a phone number", min: 7, max: 15, unit: things, noun: "digits", inferred: true, from: sendMessages,
		hint: "write the full international number with its country code", less: "write the full international number with its country code",
	},
	ruleToPhoneForm: {
		name: "to.phone.form", what: "a phone number", rule: "a full international number", from: sendMessages,
		hint: "write the country code, digits and at most spaces, hyphens, dots and parentheses",
	},
	ruleToWaID: {
		name: "to.wa_id", what: "a WhatsApp id", rule: "digits only", from: sendMessages,
		hint: "pass it as the webhook gave it, or use Phone",
	},
	ruleToUserID: {
		name: "to.user_id", what: "a business-scoped user id", rule: "two capital letters of a country, a dot, and 1 to 128 letters or digits; .ENT. between for a parent id", from: userIDPage,
		hint: "pass it as the webhook gave it",
	},
	ruleToGroup: {
		name: "to.group", what: "a group id", rule: "a group id without space", from: groupsPage,
		hint: "pass it as the webhook gave it",
	},
	ruleGroupKind: {
		name: "group.kind", what: "a message to a group", rule: "text, media or a template", from: groupsPage,
		hint: "send text instead",
	},
	ruleAddressTo: {
		name: "address.to", what: "the recipient of an address message", rule: "a number that starts with +91", from: addressPage,
		hint: "ask with a text or a Flow outside India",
	},
	ruleReactionReply: {
		name: "reaction.reply", what: "a reaction", rule: "no quoted message", from: reactionPage,
		hint: "name the message in MessageID and leave ReplyTo out",
	},
	ruleTemplateReply: {
		name: "template.reply", what: "a template that quotes a message", rule: "no quoted message", severity: SeverityWarning, from: repliesPage,
		hint: "phones do not show the quote of a template",
	},
	ruleCallbackData: {
		name: "callback_data", what: "the callback data", max: 512, unit: characters, from: changelogPage,
		hint: "store the data and send its key",
	},

	// Simple kinds.
	ruleText: {
		name: "text.body", what: "the body of a text", min: 1, max: 4096, unit: characters, from: textPage,
		hint: "split it into several messages",
	},
	ruleTextPreview: {
		name: "text.preview", what: "a text with a link preview", rule: "an address that starts with http:// or https://", severity: SeverityWarning, from: textPage,
		hint: "write the scheme in front of the address, or set PreviewURL to false",
	},
	ruleMediaSource: {
		name: "media.source", what: "a media file", rule: "exactly one of id and link", from: imagePage,
		hint: "use MediaID or MediaLink",
	},
	ruleCaption: {
		name: "caption", what: "a caption", max: 1024, unit: characters, from: openAPI,
		hint: "send the rest as a text",
	},
	ruleLatitude: {
		name: "location.latitude", what: "a latitude", rule: "-90 to 90 degrees", inferred: true, from: locationPage,
		hint: "check that latitude and longitude are not swapped",
	},
	ruleLongitude: {
		name: "location.longitude", what: "a longitude", rule: "-180 to 180 degrees", inferred: true, from: locationPage,
		hint: "check that latitude and longitude are not swapped",
	},
	ruleLocationZero: {
		name: "location.zero", what: "a location", rule: "a place other than latitude 0, longitude 0", severity: SeverityWarning, inferred: true, from: ourReading,
		hint: "set Latitude and Longitude",
	},
	ruleContacts: {
		name: "contacts", what: "the cards of a contacts message", min: 1, max: 257, unit: things, noun: "contacts", from: contactsPage,
		hint: "send several messages",
	},
	ruleContactName: {
		name: "contact.formatted_name", what: "the formatted name on a card", min: 1, max: unlimited, unit: characters, from: contactsPage,
		hint: "set Name.Formatted",
	},
	ruleContactParts: {
		name: "contact.name", what: "the name on a card", rule: "the formatted name and at least one other part", from: contactsPage,
		hint: "set Name.First or another part",
	},
	ruleContactBirthday: {
		name: "contact.birthday", what: "the birthday on a card", rule: "a date as YYYY-MM-DD", from: contactsPage,
		hint: "write it as 1990-01-31",
	},
	ruleReactionTo: {
		name: "reaction.message_id", what: "the message that a reaction is for", min: 1, max: unlimited, unit: characters, from: reactionPage,
		hint: "pass the id of the message",
	},
	ruleReactionEmoji: {
		name: "reaction.emoji", what: "the emoji of a reaction", rule: "one emoji", severity: SeverityWarning, from: reactionPage,
		hint: "send one emoji, or none to take the reaction away",
	},
	ruleRawType: {
		name: "raw.type", what: "the type of a Raw", rule: "lower-case letters, digits and underscores, not a field of the envelope", from: sendMessages,
		hint: "write Meta's name of the type",
	},
	ruleRawJSON: {
		name: "raw.json", what: "the content of a Raw", rule: "one JSON object", from: sendMessages,
		hint: "pass the object that stands under the type",
	},
	ruleRawExtra: {
		name: "raw.extra", what: "the members beside the content of a Raw", rule: "members that the request does not have already", inferred: true, from: ourReading,
		hint: "set it in Outgoing or in JSON, and take it out of Extra",
	},
	ruleRawUnchecked: {
		name: "raw.unchecked", what: "a Raw", rule: "a kind that is checked", severity: SeverityWarning, inferred: true, from: ourReading,
		hint: "compare it with Meta's page, nothing else is checked here",
	},

	// Common parts of interactive messages.
	ruleHeader: {
		name: "header", what: "a header", rule: "a header that is not a nil pointer", inferred: true, from: ourReading,
		hint: "leave it nil or pass a value",
	},
	ruleHeaderText: {
		name: "header.text", what: "a text header", min: 1, max: 60, unit: characters, from: openAPI,
		hint: "shorten it",
	},
	ruleHeaderSubText: {
		name: "header.sub_text", what: "the second line of a text header", max: 60, unit: characters, from: openAPI,
		hint: "shorten it",
	},
	ruleHeaderBreak: {
		name: "header.text.break", what: "a text header", rule: "one line without control characters", severity: SeverityWarning, inferred: true, from: ourReading,
		hint: "take the line break or control character out",
	},
	ruleBody: {
		name: "body", what: "a body", min: 1, max: 1024, unit: characters, from: openAPI,
		hint: "shorten it, or send the rest as a text before",
	},
	ruleBodyOptional: {
		name: "body.optional", what: "a body that may be missing", max: 1024, unit: characters, from: openAPI,
		hint: "shorten it, or send the rest as a text before",
	},
	ruleFooter: {
		name: "footer", what: "a footer", max: 60, unit: characters, from: openAPI,
		hint: "shorten it",
	},

	// Reply buttons.
	ruleButtons: {
		name: "buttons", what: "reply buttons", min: 1, max: 3, unit: things, noun: "buttons", from: buttonsPage,
		hint: "send a List, or several messages",
	},
	ruleButtonID: {
		name: "button.id", what: "the id of a reply button", min: 1, max: 256, unit: characters, from: openAPI,
		hint: "store the data and send its key",
	},
	ruleButtonIDUnique: {
		name: "button.id.unique", what: "the ids of reply buttons", rule: "unique in the message", from: openAPI,
		hint: "give each button an id of its own",
	},
	ruleButtonTitle: {
		name: "button.title", what: "the title of a reply button", min: 1, max: 20, unit: characters, from: buttonsPage,
		hint: "shorten it",
	},
	ruleButtonTitleUnique: {
		name: "button.title.unique", what: "the titles of reply buttons", rule: "unique in the message", inferred: true, from: ourReading,
		hint: "give each button a title of its own",
	},

	// Lists.
	ruleListBody: {
		name: "list.body", what: "the body of a list", min: 1, max: 4096, unit: characters, from: listPage,
		hint: "shorten it",
	},
	ruleListBodyLong: {
		name: "list.body.long", what: "the body of a list", max: 1024, unit: characters, severity: SeverityWarning, from: openAPI,
		hint: "Meta's page allows 4096, its schema 1024: shorten it if Meta refuses it",
	},
	ruleListButton: {
		name: "list.button", what: "the label of a list", min: 1, max: 20, unit: characters, from: listPage,
		hint: "shorten it",
	},
	ruleListSections: {
		name: "list.sections", what: "the sections of a list", min: 1, max: 10, unit: things, noun: "sections", from: listPage,
		hint: "send several lists",
	},
	ruleListRows: {
		name: "list.rows", what: "the rows of a list, over all sections", min: 1, max: 10, unit: things, noun: "rows", from: listPage,
		hint: "send several lists, or a last row that opens the next",
	},
	ruleSectionRows: {
		name: "section.rows", what: "the rows of one section", min: 1, max: unlimited, unit: things, noun: "rows", inferred: true, from: ourReading,
		hint: "leave an empty section out", less: "leave an empty section out",
	},
	ruleSectionTitle: {
		name: "section.title", what: "the title of a section", max: 24, unit: characters, from: listPage,
		hint: "shorten it",
	},
	ruleSectionTitled: {
		name: "section.title.required", what: "the title of a section where there are several", rule: "a title", from: listPage,
		hint: "give every section a title",
	},
	ruleRowID: {
		name: "row.id", what: "the id of a row", min: 1, max: 200, unit: characters, from: listPage,
		hint: "store the data and send its key",
	},
	ruleRowIDUnique: {
		name: "row.id.unique", what: "the ids of rows, over all sections", rule: "unique in the message", from: listPage,
		hint: "give each row an id of its own",
	},
	ruleRowTitle: {
		name: "row.title", what: "the title of a row", min: 1, max: 24, unit: characters, from: listPage,
		hint: "shorten it and use the description",
	},
	ruleRowDescription: {
		name: "row.description", what: "the description of a row", max: 72, unit: characters, from: listPage,
		hint: "shorten it",
	},

	// Links.
	ruleLinkText: {
		name: "cta.display_text", what: "the label of a link button", min: 1, max: 20, unit: characters, from: ctaPage,
		hint: "shorten it",
	},
	ruleLinkHeader: {
		name: "cta.header.link", what: "a media header above a link button", rule: "a link instead of an id", severity: SeverityWarning, from: ctaPage,
		hint: "Meta documents links only here: use MediaLink if the id is refused",
	},

	// Media carousels.
	ruleCards: {
		name: "cards", what: "the cards of a carousel", min: 2, max: 10, unit: things, noun: "cards", from: carouselPage,
		hint: "send several carousels", less: "add cards, or send one picture with Buttons",
	},
	ruleCardHeader: {
		name: "card.header", what: "the header of a card", rule: "an image or a video", from: carouselPage,
		hint: "give every card a picture or a video",
	},
	ruleCardHeaderKind: {
		name: "card.header.kind", what: "the headers of all cards", rule: "the same kind on all cards", inferred: true, from: ourReading,
		hint: "use pictures on all cards, or videos on all",
	},
	ruleCardHeaderLink: {
		name: "card.header.link", what: "the header of a card", rule: "a link instead of an id", severity: SeverityWarning, from: carouselPage,
		hint: "Meta documents links only here: use MediaLink if the id is refused",
	},
	ruleCardHeaderType: {
		name: "card.header.type", what: "the link of a card", rule: "a link to a JPEG or PNG picture, or an MP4 or 3GPP video", severity: SeverityWarning, inferred: true, from: mediaPage,
		hint: "check what the address serves",
	},
	ruleCardBody: {
		name: "card.body", what: "the body of a card", max: 160, unit: characters, from: carouselPage,
		hint: "shorten it",
	},
	ruleCardBodyBreaks: {
		name: "card.body.breaks", what: "the body of a card", max: 2, unit: lineBreaks, from: carouselPage,
		hint: "take line breaks out",
	},
	ruleCardBodyAll: {
		name: "card.body.all", what: "the bodies of all cards", rule: "a body on all cards or on none", inferred: true, from: ourReading,
		hint: "give every card a body, or none",
	},
	ruleCardAction: {
		name: "card.action", what: "what a card offers", rule: "quick replies or a link", from: carouselPage,
		hint: "give the card QuickReplies or a Link",
	},
	ruleCardActionKind: {
		name: "card.action.kind", what: "what all cards offer", rule: "the same kind on all cards", from: carouselPage,
		hint: "use quick replies on all cards, or links on all",
	},
	ruleQuickReplies: {
		name: "quick_replies", what: "the quick replies of a card", min: 1, max: 3, unit: things, noun: "quick replies", inferred: true, from: ourReading,
		hint: "offer less on each card",
	},
	ruleQuickRepliesMany: {
		name: "quick_replies.many", what: "the quick replies of a card", max: 2, unit: things, noun: "quick replies", severity: SeverityWarning, inferred: true, from: ourReading,
		hint: "one and two are proven, three is not: test it with a real phone",
	},
	ruleQuickRepliesEqual: {
		name: "quick_replies.equal", what: "the quick replies of all cards", rule: "as many on all cards", from: carouselPage,
		hint: "give every card the same number of quick replies",
	},
	ruleQuickReplyID: {
		name: "quick_reply.id", what: "the id of a quick reply", min: 1, max: 256, unit: characters, from: carouselPage,
		hint: "store the data and send its key",
	},
	ruleQuickReplyIDLong: {
		name: "quick_reply.id.long", what: "the id of a quick reply", max: 20, unit: characters, severity: SeverityWarning, from: carouselPage,
		hint: "a version of Meta's page says 20, a later one 256: shorten it if Meta refuses it",
	},
	ruleQuickReplyIDUnique: {
		name: "quick_reply.id.unique", what: "the ids of quick replies, over all cards", rule: "unique in the message", inferred: true, from: ourReading,
		hint: "put the card into the id: nothing else tells which card was tapped",
	},
	ruleQuickReplyTitle: {
		name: "quick_reply.title", what: "the title of a quick reply", min: 1, max: 20, unit: characters, from: carouselPage,
		hint: "shorten it",
	},
	ruleCardLinkText: {
		name: "card.display_text", what: "the label of a link on a card", min: 1, max: 20, unit: utf8Bytes, inferred: true, from: labelBytesNote,
		hint: "shorten it: an accent counts 2 here, an emoji 4 or more",
	},
	ruleCardType: {
		name: "card.type", what: "the type of a card on the wire", rule: `empty, "-", "button" or "cta_url"`, from: carouselPage,
		hint: "leave WireType empty",
	},
	ruleCardTypeLink: {
		name: "card.type.link", what: "the type of a link card on the wire", rule: `"cta_url"`, severity: SeverityWarning, from: carouselPage,
		hint: "leave WireType empty",
	},

	// Products.
	ruleProductCards: {
		name: "product_cards", what: "the cards of a product carousel", min: 2, max: 10, unit: things, noun: "cards", from: productsPage,
		hint: "send several carousels", less: "add products, or send one Product",
	},
	ruleCatalogID: {
		name: "catalog_id", what: "the id of a catalog", min: 1, max: unlimited, unit: characters, from: productPage,
		hint: "pass the id of the catalog",
	},
	ruleRetailerID: {
		name: "product_retailer_id", what: "the id of a product", min: 1, max: unlimited, unit: characters, from: productPage,
		hint: "pass the id of the product in the catalog",
	},
	ruleProductHeader: {
		name: "product_list.header", what: "the header of a product list", min: 1, max: 60, unit: characters, from: multiPage,
		hint: "set Header",
	},
	ruleProductSections: {
		name: "product_list.sections", what: "the sections of a product list", min: 1, max: 10, unit: things, noun: "sections", from: multiPage,
		hint: "send several lists",
	},
	ruleProducts: {
		name: "product_list.items", what: "the products of a list, over all sections", min: 1, max: 30, unit: things, noun: "products", from: multiPage,
		hint: "send several lists, or a Catalog",
	},
	ruleSectionProducts: {
		name: "product_section.items", what: "the products of one section", min: 1, max: unlimited, unit: things, noun: "products", from: multiPage,
		hint: "leave an empty section out", less: "leave an empty section out",
	},
	ruleProductSection: {
		name: "product_section.title", what: "the title of a section", max: 24, unit: characters, from: multiPage,
		hint: "shorten it",
	},
	ruleProductSectionTitled: {
		name: "product_section.title.required", what: "the title of a section where there are several", rule: "a title", from: multiPage,
		hint: "give every section a title",
	},

	// Flows, addresses, calls.
	ruleFlowSource: {
		name: "flow.source", what: "the flow", rule: "exactly one of id and name", from: flowPage,
		hint: "set ID or Name",
	},
	ruleFlowCTA: {
		name: "flow.cta", what: "the label of a flow", min: 1, max: 30, unit: characters, from: openAPI,
		hint: "shorten it",
	},
	ruleFlowCTALong: {
		name: "flow.cta.long", what: "the label of a flow", max: 20, unit: characters, severity: SeverityWarning, inferred: true, from: ourReading,
		hint: "phones cut it: shorten it",
	},
	ruleFlowCTAEmoji: {
		name: "flow.cta.emoji", what: "the label of a flow", rule: "no emoji", severity: SeverityWarning, inferred: true, from: ourReading,
		hint: "take the emoji out",
	},
	ruleFlowMode: {
		name: "flow.mode", what: "the mode of a flow", rule: `"published" or "draft"`, from: flowPage,
		hint: "leave Mode empty for published",
	},
	ruleFlowAction: {
		name: "flow.action", what: "the action of a flow", rule: `"navigate" or "data_exchange"`, from: flowPage,
		hint: "leave Action empty for navigate",
	},
	ruleFlowPayload: {
		name: "flow.payload", what: "screen and data of a flow", rule: "only with the action navigate", from: flowPage,
		hint: "leave Screen and Data empty: your endpoint answers with the first screen",
	},
	ruleFlowData: {
		name: "flow.data", what: "the data of a flow", rule: "a JSON object that is not empty", from: flowPage,
		hint: "leave Data nil where there is none",
	},
	ruleFlowVersion: {
		name: "flow.version", what: "the message version of a flow", rule: `"3"`, severity: SeverityWarning, from: flowPage,
		hint: "leave MessageVersion empty",
	},
	ruleAddressCountry: {
		name: "address.country", what: "the country of an address request", rule: `"IN"`, from: addressPage,
		hint: "write IN: Meta offers address messages in India only",
	},
	ruleAddressField: {
		name: "address.field", what: "the fields of an address", rule: "a field that Meta names", severity: SeverityWarning, from: addressPage,
		hint: "name, phone_number, in_pin_code, house_number, floor_number, tower_number, building_name, address, landmark_area, city, state",
	},
	ruleAddressPin: {
		name: "address.in_pin_code", what: "the PIN code of an address", max: 6, unit: characters, from: addressPage,
		hint: "write the six digits",
	},
	ruleAddressSavedID: {
		name: "address.saved.id", what: "the id of a saved address", min: 1, max: unlimited, unit: characters, from: addressPage,
		hint: "give it an id, it comes back when the user picks it",
	},
	ruleCallText: {
		name: "call.display_text", what: "the label of a call button", max: 20, unit: characters, from: callPage,
		hint: "shorten it",
	},
	ruleCallTTL: {
		name: "call.ttl_minutes", what: "the life of a call button", min: 1, max: 43200, unit: things, noun: "minutes", from: callPage,
		hint: "leave it 0 for seven days", less: "leave it 0 for seven days",
	},
	ruleCallPayload: {
		name: "call.payload", what: "the payload of a call button", max: 512, unit: characters, from: callPage,
		hint: "store the data and send its key",
	},

	// Templates.
	ruleTemplateName: {
		name: "template.name", what: "the name of a template", min: 1, max: 512, unit: characters, from: templatePage,
		hint: "write the name under which it was approved",
	},
	ruleTemplateNameForm: {
		name: "template.name.form", what: "the name of a template", rule: "lower-case letters, digits and underscores", from: templatePage,
		hint: "write the name under which it was approved",
	},
	ruleTemplateLanguage: {
		name: "template.language", what: "the language of a template", rule: "a code such as en or pt_BR", inferred: true, from: ourReading,
		hint: "write the code under which it was approved",
	},
	ruleTemplateParameter: {
		name: "template.parameter", what: "a parameter of a template", rule: "a parameter that is not nil", inferred: true, from: ourReading,
		hint: "pass a value",
	},
	ruleTemplateText: {
		name: "template.text", what: "a text in place of a variable", min: 1, max: unlimited, unit: characters, inferred: true, from: ourReading,
		hint: "write a text: Meta refuses empty ones",
	},
	ruleTemplateSpace: {
		name: "template.text.space", what: "a text in place of a variable", rule: "no line break, no tab, at most 4 spaces together", severity: SeverityWarning, inferred: true, from: ourReading,
		hint: "Meta has refused them in the past: put the text in one line",
	},
	ruleTemplateNames: {
		name: "template.names", what: "the names of variables in a body", rule: "a name on all texts or on none", inferred: true, from: templatePage,
		hint: "a template names its variables or numbers them",
	},
	ruleTemplateHeader: {
		name: "template.header", what: "the text in place of the variable of a header", max: 60, unit: characters, from: templatePage,
		hint: "shorten it",
	},
	ruleTemplateBody: {
		name: "template.body", what: "the texts of a body together", max: 1024, unit: characters, from: templatePage,
		hint: "shorten them: with the text around them they have at most 1024",
	},
	ruleTemplateOfferBody: {
		name: "template.body.offer", what: "the texts of a body with a limited-time offer together", max: 600, unit: characters, from: offerPage,
		hint: "shorten them: with the text around them they have at most 600",
	},
	ruleTemplateProductBody: {
		name: "template.body.product", what: "the texts of a body under a product together", max: 160, unit: characters, from: spmPage,
		hint: "shorten them: with the text around them they have at most 160",
	},
	ruleTemplateCardBody: {
		name: "template.card.body", what: "the texts of the body of a card together", max: 160, unit: characters, from: cardTemplatePage,
		hint: "shorten them: with the text around them they have at most 160",
	},
	ruleTemplateFallback: {
		name: "template.fallback", what: "what is shown for an amount or a date", min: 1, max: unlimited, unit: characters, from: openAPI,
		hint: "write it as the user should read it",
	},
	ruleTemplateCurrency: {
		name: "template.currency", what: "the currency of an amount", rule: "three capital letters", inferred: true, from: openAPI,
		hint: "write the code of ISO 4217, such as BRL",
	},
	ruleTemplateCards: {
		name: "template.cards", what: "the cards of a carousel template", max: 10, unit: things, noun: "cards", from: cardTemplatePage,
		hint: "send as many cards as were approved",
	},
	ruleTemplateCardsFew: {
		name: "template.cards.few", what: "the cards of a carousel template", min: 2, max: unlimited, unit: things, noun: "cards", severity: SeverityWarning, inferred: true, from: ourReading,
		hint: "send as many cards as were approved", less: "send as many cards as were approved",
	},
	ruleTemplateCardHeader: {
		name: "template.card.header", what: "the header of a card", rule: "a picture, a video or a product", from: cardTemplatePage,
		hint: "give every card a header",
	},
	ruleTemplateCardID: {
		name: "template.card.header.id", what: "the picture or video of a card", rule: "an id instead of a link", severity: SeverityWarning, from: cardTemplatePage,
		hint: "upload the file: Meta documents ids only here",
	},
	ruleTemplateCardsSame: {
		name: "template.cards.same", what: "all cards of a carousel template", rule: "the same header, variables and buttons on all cards", from: cardTemplatePage,
		hint: "fill the same slots on every card",
	},
	ruleTemplateCardButtons: {
		name: "template.card.buttons", what: "the buttons of a card", max: 2, unit: things, noun: "buttons", from: cardTemplatePage,
		hint: "a card has at most 2",
	},
	ruleTemplateButtons: {
		name: "template.buttons", what: "the buttons of a template", max: 10, unit: things, noun: "buttons", from: templatePage,
		hint: "a template has at most 10",
	},
	ruleTemplateURLs: {
		name: "template.buttons.url", what: "the link buttons of a template", max: 2, unit: things, noun: "link buttons", from: templatePage,
		hint: "a template has at most 2",
	},
	ruleTemplateCoupons: {
		name: "template.buttons.copy_code", what: "the buttons of a template that copy a code", max: 1, unit: things, noun: "code buttons", from: templatePage,
		hint: "a template has at most 1",
	},
	ruleTemplateGrouped: {
		name: "template.buttons.grouped", what: "the quick replies of a template", rule: "side by side", from: templatePage,
		hint: "put the buttons in the order in which they were approved",
	},
	ruleTemplateButton: {
		name: "template.button", what: "a button of a template", rule: "a button that is not a nil pointer", inferred: true, from: ourReading,
		hint: "leave it nil or pass a value",
	},
	ruleTemplatePayload: {
		name: "template.payload", what: "the payload of a quick reply", min: 1, max: 256, unit: characters, inferred: true, from: ourReading,
		hint: "store the data and send its key: Meta states no length", less: "pass nil where the label is to come back",
	},
	ruleTemplatePayloadUnique: {
		name: "template.payload.unique", what: "the payloads of quick replies", rule: "unique in the message", severity: SeverityWarning, inferred: true, from: ourReading,
		hint: "nothing else tells which one was tapped",
	},
	ruleTemplateURL: {
		name: "template.url", what: "the end of an address", min: 1, max: 2000, unit: characters, from: templatePage,
		hint: "use a shorter address",
	},
	ruleTemplateCoupon: {
		name: "template.coupon", what: "a code to copy", min: 1, max: 20, unit: characters, from: changelog25Page,
		hint: "use a shorter code",
	},
	ruleTemplateCouponLong: {
		name: "template.coupon.long", what: "a code to copy", max: 15, unit: characters, severity: SeverityWarning, from: offerPage,
		hint: "Meta's changelog says 20, its pages 15: use a shorter code if Meta refuses it",
	},
	ruleTemplateOTP: {
		name: "template.otp", what: "a one-time password, which stands in the body and on a link button", max: 15, unit: characters, severity: SeverityWarning, inferred: true, from: otpPage,
		hint: "use a shorter code, if it is one",
	},
	ruleTemplateOTPTo: {
		name: "template.otp.to", what: "the recipient of a one-time password", rule: "a phone number", severity: SeverityWarning, inferred: true, from: userIDPage,
		hint: "send it to a number: a user id takes no code that is copied or filled in (131062)",
	},
	ruleTapTitle: {
		name: "template.tap_target.title", what: "what the phone calls a page", min: 1, max: unlimited, unit: characters, from: tapPage,
		hint: "write a title",
	},
	ruleTime: {
		name: "time", what: "any point in time", rule: "a time after 1970", inferred: true, from: ourReading,
		hint: "set it, or leave it zero where it is optional",
	},

	// Payments.
	rulePaymentCurrency: {
		name: "payment.currency", what: "the currency of an order", rule: "INR or BRL", from: paymentPage,
		hint: "use CurrencyIndia or CurrencyBrazil: payments exist in these countries",
	},
	rulePaymentReference: {
		name: "payment.reference_id", what: "the reference of a payment in India", min: 1, max: 35, unit: characters, from: paymentPage,
		hint: "use a shorter one",
	},
	rulePaymentReferenceBrazil: {
		name: "payment.reference_id.brazil", what: "the reference of a payment in Brazil, or of an order", min: 1, max: 60, unit: characters, from: ordersPage,
		hint: "use a shorter one",
	},
	rulePaymentReferenceForm: {
		name: "payment.reference_id.form", what: "the reference of a payment", rule: "letters, digits, _, - and .", from: paymentPage,
		hint: "take other characters out",
	},
	rulePaymentGoods: {
		name: "payment.goods", what: "what is sold", rule: `"digital-goods" or "physical-goods"`, from: paymentPage,
		hint: "set Goods",
	},
	rulePaymentType: {
		name: "payment.type", what: "the type of a payment", rule: `"upi" in India, "br" in Brazil, or empty`, from: paymentPage,
		hint: "leave Type empty",
	},
	rulePaymentSettings: {
		name: "payment.settings", what: "the ways to pay", min: 1, max: unlimited, unit: things, noun: "ways to pay", severity: SeverityWarning, inferred: true, from: paymentPage,
		hint: "add a PaymentSetting",
	},
	rulePaymentSetting: {
		name: "payment.setting", what: "a way to pay", rule: "one that is not nil", inferred: true, from: ourReading,
		hint: "pass a value",
	},
	rulePaymentCountry: {
		name: "payment.setting.country", what: "a way to pay", rule: "one of the country of the currency", from: paymentPage,
		hint: "gateways and UPI are for INR, Pix, boleto and cards on file for BRL",
	},
	rulePaymentConfiguration: {
		name: "payment.configuration", what: "the name of a gateway's configuration", min: 1, max: 60, unit: characters, from: paymentPage,
		hint: "write its name on Meta's side",
	},
	ruleRazorpayReceipt: {
		name: "razorpay.receipt", what: "a receipt for Razorpay", max: 40, unit: characters, from: paymentPage,
		hint: "shorten it",
	},
	ruleRazorpayNotes: {
		name: "razorpay.notes", what: "the notes for Razorpay", max: 15, unit: things, noun: "notes", from: paymentPage,
		hint: "leave some out",
	},
	ruleRazorpayNote: {
		name: "razorpay.note", what: "a note for Razorpay", max: 256, unit: characters, from: paymentPage,
		hint: "shorten it",
	},
	rulePayUField: {
		name: "payu.udf", what: "a field for PayU", max: 255, unit: characters, from: paymentPage,
		hint: "shorten it",
	},
	ruleZaakpayExtra: {
		name: "zaakpay.extra", what: "an extra for Zaakpay", max: 180, unit: characters, from: paymentPage,
		hint: "shorten it",
	},
	ruleBillDeskInfo: {
		name: "billdesk.additional_info", what: "additional information for BillDesk", max: 120, unit: characters, from: paymentPage,
		hint: "shorten it",
	},
	rulePaymentField: {
		name: "payment.field", what: "the code, merchant and key of a Pix code, the line of a boleto, the credential of a card", min: 1, max: unlimited, unit: characters, from: ordersPage,
		hint: "set it",
	},
	rulePixKeyType: {
		name: "pix.key_type", what: "the type of a Pix key", rule: "CPF, CNPJ, EMAIL, PHONE or EVP", from: ordersPage,
		hint: "set KeyType",
	},
	ruleUPILink: {
		name: "upi.link", what: "the link of a payment app", rule: "an address that starts with upi:// and has no space", inferred: true, from: paymentPage,
		hint: "write upi://pay and its parameters",
	},
	ruleCardDigits: {
		name: "card.last_four_digits", what: "the last digits of a card", rule: "four digits", inferred: true, from: ordersPage,
		hint: "set LastFour",
	},
	ruleBeneficiaryCountry: {
		name: "payment.beneficiaries", what: "the beneficiaries of a payment", rule: "beneficiaries in India only", inferred: true, from: paymentPage,
		hint: "leave them out in Brazil",
	},
	ruleBeneficiaryMissing: {
		name: "payment.beneficiaries.missing", what: "physical goods in India", rule: "a beneficiary where goods are shipped", severity: SeverityWarning, from: paymentPage,
		hint: "add one if the goods are shipped",
	},
	ruleBeneficiaryName: {
		name: "beneficiary.name", what: "the name of a beneficiary", min: 1, max: 200, unit: characters, from: paymentPage,
		hint: "shorten it",
	},
	ruleBeneficiaryLine: {
		name: "beneficiary.address_line1", what: "the first line of an address", min: 1, max: 100, unit: characters, from: paymentPage,
		hint: "shorten it",
	},
	ruleBeneficiaryLine2: {
		name: "beneficiary.address_line2", what: "the second line of an address", max: 100, unit: characters, from: paymentPage,
		hint: "shorten it",
	},
	ruleBeneficiaryPostalCode: {
		name: "beneficiary.postal_code", what: "the postal code of a beneficiary", rule: "six digits", from: paymentPage,
		hint: "write the six digits",
	},
	ruleOrderItems: {
		name: "order.items", what: "the items of an order", min: 1, max: unlimited, unit: things, noun: "items", from: paymentPage,
		hint: "add what is paid",
	},
	ruleOrderImages: {
		name: "order.items.images", what: "the items of an order with pictures", max: 10, unit: things, noun: "items", from: paymentPage,
		hint: "leave the pictures out, or send several orders",
	},
	ruleOrderImageCatalog: {
		name: "order.items.images.catalog", what: "the items of an order with a catalog", rule: "no pictures", from: paymentPage,
		hint: "leave out CatalogID or the pictures",
	},
	ruleOrderLineName: {
		name: "order.item.name", what: "the name of an item", min: 1, max: 60, unit: characters, from: paymentPage,
		hint: "shorten it",
	},
	ruleOrderQuantity: {
		name: "order.item.quantity", what: "how many of an item", min: 1, max: unlimited, unit: things, noun: "pieces", from: paymentPage,
		hint: "set Quantity",
	},
	ruleOrderSale: {
		name: "order.item.sale_amount", what: "the amount of an item on sale", rule: "less than its amount", from: paymentPage,
		hint: "leave SaleAmount 0 where nothing is on sale",
	},
	ruleOrderOrigin: {
		name: "order.item.importer", what: "an item in India without a catalog", rule: "its country of origin, and its importer", severity: SeverityWarning, from: paymentPage,
		hint: "set CountryOfOrigin, ImporterName and ImporterAddress",
	},
	ruleOrderAmount: {
		name: "order.amount", what: "any amount", rule: "0 or more", inferred: true, from: ourReading,
		hint: "amounts count upwards, the discount too",
	},
	ruleOrderNote: {
		name: "order.note", what: "the note of a charge and the name of a discount", max: 60, unit: characters, from: paymentPage,
		hint: "shorten it",
	},
	ruleOrderExpiresNote: {
		name: "order.expiration.description", what: "the note about when an order ends", max: 120, unit: characters, from: paymentPage,
		hint: "shorten it",
	},
	ruleOrderState: {
		name: "order_status.status", what: "the state of an order", rule: "pending, processing, partially-shipped, shipped, completed or canceled", from: orderStatusPage,
		hint: "write one of Meta's words",
	},
	ruleOrderDescription: {
		name: "order_status.description", what: "the note about the state of an order", max: 120, unit: characters, from: orderStatusPage,
		hint: "shorten it",
	},
	rulePaymentState: {
		name: "order_status.payment", what: "the state of a payment", rule: "pending, captured or failed", from: orderStatusPage,
		hint: "write one of Meta's words, or nothing",
	},

	// Pins, direct sends, marketing messages.
	rulePinTo: {
		name: "pin.message_id", what: "the message that is pinned", min: 1, max: unlimited, unit: characters, from: groupsPage,
		hint: "pass the id of the message",
	},
	rulePinDays: {
		name: "pin.expiration_days", what: "how long a message is pinned", min: 1, max: 30, unit: things, noun: "days", from: groupsPage,
		hint: "pin it again later", less: "set Days",
	},
	rulePinGroup: {
		name: "pin.to", what: "the recipient of a pin", rule: "a group", from: groupsPage,
		hint: "send it to a GroupID",
	},
	ruleMixedLinks: {
		name: "mixed.links", what: "the link buttons beside reply buttons", min: 1, max: 2, unit: things, noun: "links", from: directPage,
		hint: "send fewer links", less: "send Buttons",
	},
	ruleMixedButtons: {
		name: "mixed.buttons", what: "the link and reply buttons together", max: 10, unit: things, noun: "buttons", from: directPage,
		hint: "send several messages",
	},
	ruleMixedDirect: {
		name: "mixed.direct", what: "a message with link and reply buttons", rule: "a direct send", from: directPage,
		hint: "pass DirectSend, or send Buttons",
	},
	ruleDirectKind: {
		name: "direct.kind", what: "a direct send", rule: "text, reply buttons, a link button, mixed buttons or a call button", from: directPage,
		hint: "send another kind, or a template; put the members of a Raw into its Extra",
	},
	ruleDirectText: {
		name: "direct.text", what: "the body of a text that is sent directly", max: 1024, unit: characters, from: directPage,
		hint: "split it into several messages",
	},
	ruleDirectPreview: {
		name: "direct.preview", what: "a text that is sent directly", rule: "no preview", from: directPage,
		hint: "leave PreviewURL false",
	},
	ruleDirectCategory: {
		name: "direct.category", what: "the category of a direct send", rule: `"utility", "authentication" or "service"`, from: directPage,
		hint: "set Category: marketing needs a template",
	},
	ruleDirectTTL: {
		name: "direct.ttl_seconds", what: "how long a direct send is tried", rule: "0 seconds or more", inferred: true, from: directPage,
		hint: "leave it 0 for Meta's default",
	},
	ruleMarketingKind: {
		name: "marketing.kind", what: "a marketing message", rule: "a template", from: marketingPage,
		hint: "send a Template",
	},
	ruleMarketingPolicy: {
		name: "marketing.product_policy", what: "the product policy of a marketing message", rule: `"CLOUD_API_FALLBACK" or "STRICT"`, from: marketingPage,
		hint: "leave ProductPolicy empty for Meta's default",
	},
	ruleMarketingDirect: {
		name: "marketing.direct", what: "a marketing message", rule: "no direct send", inferred: true, from: ourReading,
		hint: "pass Marketing or DirectSend",
	},

	// Files.
	ruleImageRead: {
		name: "image.read", what: "a picture", rule: "a picture that can be decoded", from: mediaPage,
		hint: "export it again",
	},
	ruleImageType: {
		name: "image.type", what: "a picture", rule: "JPEG or PNG", from: mediaPage,
		hint: "convert it to JPEG",
	},
	ruleImageColor: {
		name: "image.color", what: "the colours of a picture", rule: "8-bit RGB or RGBA", from: mediaPage,
		hint: "convert it to 8-bit RGB",
	},
	ruleImageGray: {
		name: "image.gray", what: "the colours of a picture", rule: "8-bit RGB or RGBA", severity: SeverityWarning, from: mediaPage,
		hint: "grey and palette pictures are not in Meta's list: convert it to RGB if Meta refuses it",
	},
	ruleImageSize: {
		name: "image.size", what: "a picture", max: 5 << 20, unit: things, noun: "bytes", from: mediaPage,
		hint: "compress it or make it smaller",
	},
	ruleImageSizeMB: {
		name: "image.size.decimal", what: "a picture", max: 5_000_000, unit: things, noun: "bytes", severity: SeverityWarning, inferred: true, from: mediaPage,
		hint: "Meta says 5 MB and not which: stay under 5,000,000 bytes",
	},
	ruleImagePNG: {
		name: "image.png", what: "the picture of a card", rule: "JPEG", severity: SeverityWarning, inferred: true, from: ourReading,
		hint: "convert it to JPEG: it shows best on cards",
	},
	ruleImageSquare: {
		name: "image.square", what: "the picture of a card", rule: "as wide as high", severity: SeverityWarning, inferred: true, from: carouselPage,
		hint: "crop it to a square, or the phone does",
	},
	ruleAudioSize: {
		name: "audio.size", what: "an audio file", max: 16 << 20, unit: things, noun: "bytes", from: mediaPage,
		hint: "compress it or cut it",
	},
	ruleVideoSize: {
		name: "video.size", what: "a video", max: 16 << 20, unit: things, noun: "bytes", from: mediaPage,
		hint: "compress it or cut it",
	},
	ruleDocumentSize: {
		name: "document.size", what: "a document", max: 100 << 20, unit: things, noun: "bytes", from: mediaPage,
		hint: "send a link instead",
	},
	ruleStickerSize: {
		name: "sticker.size", what: "an animated sticker", max: 500 << 10, unit: things, noun: "bytes", from: stickerPage,
		hint: "compress it",
	},
	ruleFileType: {
		name: "file.type", what: "the MIME type of an upload", rule: "one of Meta's media types", from: mediaPage,
		hint: "convert the file",
	},
}
