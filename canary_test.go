package wacloud_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// Personal data of nobody. None of it may be found in anything that the library prints.
const (
	canaryName     = "Zuleica Canário"
	canaryWaID     = "5511900001234"
	canaryUserID   = "BR.CANARY7x9kQ2mW"
	canaryMailbox  = "canario@example.org"
	canaryStreet   = "Rua do Canário 77"
	canaryMessage  = "wamid.CANARYHBgNNTUxMTkwMDAwMTIzNBUCABIYFg"
	canaryAnyField = canaryName + " " + canaryWaID + " " + canaryUserID + " " + canaryMailbox + " " + canaryStreet + " " + canaryMessage + " " + canaryText
)

// canaries are all that is searched for: the words, and their bytes as fmt prints a slice of them.
func canaries() []string {
	words := []string{
		canaryToken, canarySecret, canaryPhone, canaryText, canaryName, canaryWaID, canaryUserID, canaryMailbox, canaryStreet,
		canaryMessage,
	}
	for _, word := range slices.Clone(words) {
		numbers := fmt.Sprint([]byte(word))
		words = append(words, numbers[1:len(numbers)-1], fmt.Sprintf("%x", word))
	}
	return words
}

// Every exported type stands in one of these lists. The fields of a private type hold something about a person, so none
// of them is printed; those of an open type are the program's own or Meta's words, and what sits in them that is private,
// a Secret or a Recipient for example, is still not printed.
var (
	privateTypes = []any{
		wacloud.APIError{},
		wacloud.AddressRequest{},
		wacloud.BroadcastResult{},
		wacloud.Contact{},
		wacloud.ContactAddress{},
		wacloud.ContactEmail{},
		wacloud.ContactName{},
		wacloud.ContactOrg{},
		wacloud.ContactPhone{},
		wacloud.ContactURL{},
		wacloud.Contacts{},
		wacloud.ContactsContent{},
		wacloud.DeadLetter{},
		wacloud.EditContent{},
		wacloud.Entry{},
		wacloud.Event{},
		wacloud.EventError{},
		wacloud.Identity{},
		wacloud.InboundMessage{},
		wacloud.LocationContent{},
		wacloud.MediaContent{},
		wacloud.MessageContext{},
		wacloud.OrderContent{},
		wacloud.Outgoing{},
		wacloud.ReactionContent{},
		wacloud.Recipient{},
		wacloud.Referral{},
		wacloud.Reply{},
		wacloud.RevokeContent{},
		wacloud.SavedAddress{},
		wacloud.Secret{},
		wacloud.Sent{},
		wacloud.Status{},
		wacloud.SystemContent{},
		wacloud.TextContent{},
		wacloud.User{},
		wacloud.Beneficiary{},
		wacloud.OffsiteCard{},
		wacloud.OrderDetails{},
		wacloud.OrderDetailsButton{},
		wacloud.Payment{},
		wacloud.PixCode{},
		wacloud.Template{},
	}
	openTypes = []any{
		wacloud.AmbiguousSendError{},
		wacloud.App{},
		wacloud.Audio{},
		wacloud.Button{},
		wacloud.Buttons{},
		wacloud.CTAURL{},
		wacloud.CallPermissionRequest{},
		wacloud.Card{},
		wacloud.Carousel{},
		wacloud.Catalog{},
		wacloud.Config{},
		wacloud.ContactInfoRequest{},
		wacloud.Conversation{},
		wacloud.Document{},
		wacloud.Download{},
		wacloud.Flow{},
		wacloud.HeaderDocument{},
		wacloud.HeaderImage{},
		wacloud.HeaderText{},
		wacloud.HeaderVideo{},
		wacloud.Image{},
		wacloud.InboxStats{},
		wacloud.Kind(0),
		wacloud.Link{},
		wacloud.List{},
		wacloud.Location{},
		wacloud.LocationRequest{},
		wacloud.Measurement{},
		wacloud.Media{},
		wacloud.MediaInfo{},
		wacloud.Menu{},
		wacloud.Metric(""),
		wacloud.None{},
		wacloud.OrderItem{},
		wacloud.Outcome{},
		wacloud.Pricing{},
		wacloud.Problem{},
		wacloud.Product{},
		wacloud.ProductCarousel{},
		wacloud.ProductContent{},
		wacloud.ProductList{},
		wacloud.ProductSection{},
		wacloud.PutResult{},
		wacloud.QuickReplies{},
		wacloud.Raw{},
		wacloud.Reaction{},
		wacloud.ReplyContent{},
		wacloud.ReplyKind(0),
		wacloud.RateLimit{},
		wacloud.RateLimitError{},
		wacloud.RetryPolicy{},
		wacloud.RouteInfo{},
		wacloud.Row{},
		wacloud.RunConfig{},
		wacloud.Section{},
		wacloud.Severity(0),
		wacloud.Sticker{},
		wacloud.Text{},
		wacloud.Unknown{},
		wacloud.UnknownAction(0),
		wacloud.UnknownContent{},
		wacloud.UnknownSend{},
		wacloud.UnsupportedContent{},
		wacloud.Upload{},
		wacloud.ValidationError{},
		wacloud.Video{},
		wacloud.VoiceCall{},
		wacloud.WebhookConfig{},
		wacloud.WelcomeContent{},

		wacloud.Amount(0),
		wacloud.BillDesk{},
		wacloud.Boleto{},
		wacloud.CallButton{},
		wacloud.CatalogButton{},
		wacloud.Charge{},
		wacloud.CouponCode(""),
		wacloud.CurrencyParameter{},
		wacloud.DateTimeParameter{},
		wacloud.DirectSend{},
		wacloud.Discount{},
		wacloud.FlowButton{},
		wacloud.HeaderProduct{},
		wacloud.ImporterAddress{},
		wacloud.Marketing{},
		wacloud.MixedButtons{},
		wacloud.Order{},
		wacloud.OrderLine{},
		wacloud.OrderStatus{},
		wacloud.OrderUpdate{},
		wacloud.PayU{},
		wacloud.PaymentLink{},
		wacloud.Pin{},
		wacloud.ProductsButton{},
		wacloud.QuickReplyPayload(""),
		wacloud.Razorpay{},
		wacloud.TapTarget{},
		wacloud.TemplateCard{},
		wacloud.TextParameter{},
		wacloud.UPIIntent{},
		wacloud.URLSuffix(""),
		wacloud.Unpin{},
		wacloud.Zaakpay{},

		wacloud.Choice{},
		wacloud.FailedRung{},
		wacloud.FallbackError{},
		wacloud.Rung{},
		wacloud.Wording{},
		wacloud.Window{},

		wacloud.BroadcastOutcome(0),
		wacloud.BroadcastReport{},
		wacloud.BroadcastStopError{},
	}
	// otherTypes have no fields to fill. Those with a state are printed by TestAttack36StatePrintsNothing.
	otherTypes = []string{
		"BroadcastOption",
		"CardAction", "CardHeader", "Client", "Clients", "Content", "FailureHandler", "Handler", "HandlerFunc", "Header",
		"IDSigner", "Inbox", "Lease", "Limiter", "MemoryInbox", "MemoryOption", "MemoryStore", "Message", "Middleware", "Observer",
		"MultiStore", "Option", "Route", "Router", "SendOption", "Store", "Webhook",
		"PaymentSetting", "TemplateButton", "TemplateCardHeader", "TemplateHeader", "TemplateParameter",
		"UserKey", // is its text, as a key has to be; only log/slog gets a hash
	}
)

func TestAttack36EveryExportedTypeIsListed(t *testing.T) {
	t.Parallel()
	listed := slices.Clone(otherTypes)
	for _, v := range slices.Concat(privateTypes, openTypes) {
		listed = append(listed, reflect.TypeOf(v).Name())
	}
	require.ElementsMatch(t, exportedTypes(t), listed, "a new type goes into one of the lists of this file")
}

// exportedTypes reads the names from the source of the package.
func exportedTypes(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var names []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() {
				names = append(names, spec.Name.Name)
			}
			return true
		})
	}
	return names
}

func TestAttack36TypesPrintNoPersonalData(t *testing.T) {
	t.Parallel()
	for _, zero := range slices.Concat(privateTypes, openTypes) {
		typ := reflect.TypeOf(zero)
		t.Run(typ.Name(), func(t *testing.T) {
			t.Parallel()
			p := reflect.New(typ)
			fillWithCanaries(t, p.Elem(), false)
			v := p.Elem().Interface()
			printed := printAll(v, p.Interface()) +
				fmt.Sprintf("%v %+v %#v", []any{v, p.Interface()}, map[string]any{"": v}, struct{ V any }{v}) +
				fmt.Sprintf("%v", fmt.Errorf("%v: %w", v, errors.New("inner")))
			requireNone(t, canaries(), printed)
		})
	}
}

// fillWithCanaries sets every exported field. Texts are personal in a private type and harmless elsewhere.
func fillWithCanaries(t *testing.T, v reflect.Value, private bool) {
	t.Helper()
	switch v.Interface().(type) {
	case wacloud.Secret:
		v.Set(reflect.ValueOf(wacloud.NewSecret(canarySecret)))
		return
	case wacloud.Recipient:
		v.Set(reflect.ValueOf(wacloud.Phone(canaryPhone)))
		return
	case json.RawMessage:
		v.SetBytes([]byte(`{"text":` + fmt.Sprintf("%q", canaryFieldText(private)) + `}`))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(canaryFieldText(private))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Struct:
		fillStruct(t, v, private)
	case reflect.Pointer:
		if v.Type().Elem().Kind() == reflect.Struct && strings.HasPrefix(v.Type().Elem().PkgPath(), "github.com/wacloud") && v.Type().Elem().NumField() > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fillWithCanaries(t, v.Elem(), private)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillWithCanaries(t, v.Index(0), private)
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(canaryFieldText(private)))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fillWithCanaries(t, value, private)
		v.SetMapIndex(key, value)
	case reflect.Interface:
		fillInterface(t, v)
	}
}

func fillStruct(t *testing.T, v reflect.Value, private bool) {
	t.Helper()
	private = private || slices.ContainsFunc(privateTypes, func(z any) bool { return reflect.TypeOf(z) == v.Type() })
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() {
			field := v.Type().Field(i)
			if words, ok := wordsOfMeta[v.Type().Name()+"."+field.Name]; ok {
				v.Field(i).SetString(words)
				continue
			}
			fillWithCanaries(t, v.Field(i), private)
		}
	}
}

// wordsOfMeta are the fields of private types that are printed, because Meta or the inbox chose the words. In its errors
// Meta repeats ids, numbers and tokens.
var wordsOfMeta = map[string]string{
	"APIError.Type":           "OAuthException",
	"APIError.TraceID":        "AbCdEf",
	"APIError.Message":        canaryInError,
	"APIError.Details":        "Invalid: " + canaryInError,
	"EditContent.Type":        "text",
	"EventError.Title":        canaryInError,
	"EventError.Message":      canaryInError,
	"Event.PhoneNumberID":     testNumberID,
	"InboundMessage.Type":     "text",
	"MediaContent.MIMEType":   "image/jpeg",
	"Referral.SourceType":     "ad",
	"Status.Status":           "sent",
	"SystemContent.Type":      "user_changed_number",
	"UnsupportedContent.Type": "poll_creation",
}

const canaryInError = "(#1) no such user +" + canaryPhone + ", " + canaryWaID + ", " + canaryUserID + ", " + canaryMessage + " for " + canaryToken

func canaryFieldText(private bool) string {
	if private {
		return canaryAnyField
	}
	return "harmless"
}

// fillInterface sets the fields that hold one of several kinds.
func fillInterface(t *testing.T, v reflect.Value) {
	t.Helper()
	for _, candidate := range []any{
		wacloud.TextContent{Body: canaryText},
		wacloud.Contacts{Contacts: []wacloud.Contact{{Name: wacloud.ContactName{Formatted: canaryName}}}},
		wacloud.HeaderText{Text: "harmless"},
		wacloud.HeaderImage{Media: wacloud.MediaID("1")},
		wacloud.QuickReplies{{ID: "harmless", Title: "harmless"}},
		fmt.Errorf("handler: %w", &wacloud.APIError{Message: canaryInError, Body: []byte(canaryAnyField)}),
	} {
		if c := reflect.ValueOf(candidate); c.Type().AssignableTo(v.Type()) {
			v.Set(c)
			return
		}
	}
}

// TestAttack36StatePrintsNothing prints the types that keep what they are given to themselves.
func TestAttack36StatePrintsNothing(t *testing.T) {
	t.Parallel()
	secret := wacloud.NewSecret(canarySecret)
	store := wacloud.NewMemoryStore()
	require.NoError(t, store.Put(t.Context(), canaryWaID, []byte(canaryText), 0))
	inbox := wacloud.NewMemoryInbox()
	events, err := wacloud.ParseWebhook(hookBody(hookText(canaryMessage, canaryWaID, canaryText)))
	require.NoError(t, err)
	_, err = inbox.Put(t.Context(), events)
	require.NoError(t, err)
	client, err := wacloud.NewClient(testNumberID, wacloud.NewSecret(canaryToken), wacloud.WithAppSecretProof(secret), wacloud.WithStore(store))
	require.NoError(t, err)
	signer, err := wacloud.NewIDSigner(secret)
	require.NoError(t, err)
	router := wacloud.NewRouter()
	router.Signer(signer)
	router.Reply("confirm:yes", func(context.Context, *wacloud.Event) error { return nil }, wacloud.Once(store, 0))
	cfg := wacloud.WebhookConfig{Client: client, AppSecrets: []wacloud.Secret{secret}, VerifyToken: wacloud.NewSecret(canaryToken), Handler: router, Inbox: inbox}
	hook, err := wacloud.NewWebhook(cfg)
	require.NoError(t, err)

	for _, v := range []any{store, inbox, client, *client, signer, *signer, router, hook, cfg, &cfg, wacloud.ReplyTo("harmless")} {
		requireNone(t, canaries(), printAll(v, struct{ V any }{v}, []any{v}))
	}
	key := events[0].UserKey()
	require.Contains(t, string(key), canaryWaID)
	requireNone(t, canaries(), logAll("user", key))
}
