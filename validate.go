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
	openAPI        = source{"OpenAPI v23.0", "2026-03"}
	sendMessages   = source{"send-messages", "2026-03"}
	textPage       = source{"text-messages", "2026-03"}
	imagePage      = source{"image-messages", "2026-03"}
	stickerPage    = source{"sticker-messages", "2026-03"}
	locationPage   = source{"location-messages", "2026-03"}
	contactsPage   = source{"contacts-messages", "2026-03"}
	reactionPage   = source{"reaction-messages", "2026-03"}
	repliesPage    = source{"contextual-replies", "2026-03"}
	mediaPage      = source{"business-phone-numbers/media", "2026-03"}
	buttonsPage    = source{"interactive-reply-buttons-messages", "2026-05"}
	listPage       = source{"interactive-list-messages", "2026-03"}
	ctaPage        = source{"interactive-cta-url-messages", "2026-03"}
	carouselPage   = source{"interactive-media-carousel-messages", "2025-12"}
	productsPage   = source{"interactive-product-carousel-messages", "2026-03"}
	productPage    = source{"single-product-messages", "2026-05"}
	multiPage      = source{"multi-product-messages", "2026-03"}
	flowPage       = source{"flows/guides/sendingaflow", "2026-06"}
	addressPage    = source{"address-messages", "2026-03"}
	callPage       = source{"call-button-messages-deep-links", "2026-03"}
	groupsPage     = source{"groups/groups-messaging", "2026-03"}
	userIDPage     = source{"business-scoped-user-ids", "2026-06"}
	changelogPage  = source{"changelog", "2024"}
	labelBytesNote = source{"a vendor's help article (Waxio); Meta says 20 characters", "2026-10"}
	ourReading     = source{"our reading", "2026-10"}
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
		hint: "check what the MarshalText of the parameter returns",
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
