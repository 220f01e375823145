package wacloud_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func TestEncodeMessageText(t *testing.T) {
	t.Parallel()
	body, err := wacloud.EncodeMessage(wacloud.Outgoing{To: wacloud.Phone("+55 (11) 99999-9999"), Message: wacloud.NewText(`<"olá">`)})
	require.NoError(t, err)
	require.Equal(t, `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+5511999999999","type":"text","text":{"body":"<\"olá\">"}}`, string(body))
}
