#include "libproto/pack.h"

#include <string.h>

void
pack_strn(msgpack_packer *pk, const char *s, size_t n)
{
	msgpack_pack_str(pk, n);
	msgpack_pack_str_body(pk, s, n);
}

void
pack_str(msgpack_packer *pk, const char *s)
{
	if (s == NULL)
		msgpack_pack_nil(pk);
	else
		pack_strn(pk, s, strlen(s));
}

void
pack_bool(msgpack_packer *pk, bool b)
{
	if (b)
		msgpack_pack_true(pk);
	else
		msgpack_pack_false(pk);
}

void
pack_key_str(msgpack_packer *pk, const char *key, const char *s)
{
	pack_str(pk, key);
	pack_str(pk, s);
}

void
pack_key_uint(msgpack_packer *pk, const char *key, uint64_t n)
{
	pack_str(pk, key);
	msgpack_pack_uint64(pk, n);
}

void
pack_key_int(msgpack_packer *pk, const char *key, int64_t n)
{
	pack_str(pk, key);
	msgpack_pack_int64(pk, n);
}

void
pack_key_bool(msgpack_packer *pk, const char *key, bool b)
{
	pack_str(pk, key);
	pack_bool(pk, b);
}

void
pack_key_nil(msgpack_packer *pk, const char *key)
{
	pack_str(pk, key);
	msgpack_pack_nil(pk);
}
