/* links: libproto/message.c libproto/message_write.c libproto/errors.c libproto/scan.c libproto/header.c libproto/unpack.c ; libs: msgpack */
/* proto_message_test: requests, responses and notifications, both ways. */

#include <atf-c.h>
#include <msgpack.h>
#include <string.h>

#include "libproto/errors.h"
#include "libproto/message.h"

#define PARSE(literal) \
	message_parse(literal, sizeof(literal) - 1, &message, &why)

/* {"a": 1} */
static const char map[] = "\x81\xa1"
			  "a\x01";

ATF_TC_WITHOUT_HEAD(request);
ATF_TC_BODY(request, tc)
{
	struct message message;
	msgpack_sbuffer buffer;
	msgpack_object params;
	msgpack_zone zone;
	const char *why;

	msgpack_sbuffer_init(&buffer);
	ATF_REQUIRE(msgpack_zone_init(&zone, 1024));
	ATF_REQUIRE(message_request(
	    &buffer, 4294967295, "task.skip", map, sizeof(map) - 1));
	ATF_REQUIRE(message_parse(buffer.data, buffer.size, &message, &why));
	ATF_CHECK_EQ(MESSAGE_REQUEST, message.kind);
	ATF_CHECK(message.answerable);
	ATF_CHECK_EQ(4294967295, message.id);
	ATF_CHECK_EQ(9, message.method_size);
	ATF_CHECK_EQ(0, memcmp(message.method, "task.skip", 9));
	ATF_REQUIRE(message_params(&message, &zone, &params));
	ATF_CHECK_EQ(1, params.via.map.size);
	ATF_CHECK_EQ(1, params.via.map.ptr[0].val.via.u64);

	buffer.size = 0;
	ATF_REQUIRE(message_request(&buffer, 0, "hello", NULL, 0));
	ATF_REQUIRE(message_parse(buffer.data, buffer.size, &message, &why));
	ATF_REQUIRE(message_params(&message, &zone, &params));
	ATF_CHECK_EQ(MSGPACK_OBJECT_MAP, params.type);
	ATF_CHECK_EQ(0, params.via.map.size);
	msgpack_zone_destroy(&zone);
	msgpack_sbuffer_destroy(&buffer);
}

ATF_TC_WITHOUT_HEAD(method_as_binary);
ATF_TC_BODY(method_as_binary, tc)
{
	struct message message;
	const char *why;

	ATF_REQUIRE(PARSE("\x94\x00\x07\xc4\x05hello\x90"));
	ATF_CHECK_EQ(5, message.method_size);
	ATF_CHECK_EQ(0, memcmp(message.method, "hello", 5));
	ATF_CHECK(!PARSE("\x94\x00\x07\x05\x90"));
	ATF_CHECK_STREQ("the method is a string", why);
	ATF_CHECK(message.answerable);
	ATF_CHECK_EQ(7, message.id);
}

ATF_TC_WITHOUT_HEAD(what_is_no_message);
ATF_TC_BODY(what_is_no_message, tc)
{
	struct message message;
	const char *why;

	ATF_CHECK(!PARSE("\x01"));
	ATF_CHECK(!PARSE("\x90"));
	ATF_CHECK(!PARSE("\x80"));
	ATF_CHECK(!PARSE("\x94\x03\x01\xa1m\x90"));
	ATF_CHECK(!PARSE("\x94\xff\x01\xa1m\x90"));
	ATF_CHECK(strstr(why, "first element") != NULL);
	ATF_CHECK(!PARSE("\x94\x00\xcf\0\0\0\x01\0\0\0\0\xa1m\x90"));
	ATF_CHECK(!PARSE("\x94\x00\xff\xa1m\x90"));
	ATF_CHECK(!message.answerable);
	ATF_CHECK(!PARSE("\x93\x00\x01\xa1m"));
	ATF_CHECK(message.answerable);
	ATF_CHECK(!PARSE("\x95\x00\x01\xa1m\x90\x01"));
	ATF_CHECK(!PARSE("\x94\x02\x01\xa1m\x90"));
	ATF_CHECK(!PARSE("\x93\x01\x01\xc0"));
	ATF_CHECK_STREQ("a response is [1, id, error, result]", why);
}

ATF_TC_WITHOUT_HEAD(params_have_one_shape);
ATF_TC_BODY(params_have_one_shape, tc)
{
	struct message message;
	const char *why;

	ATF_CHECK(PARSE("\x94\x00\x01\xa1m\x90"));
	ATF_CHECK(PARSE("\x94\x00\x01\xa1m\x91\x80"));
	ATF_CHECK(!PARSE("\x94\x00\x01\xa1m\x80"));
	ATF_CHECK(!PARSE("\x94\x00\x01\xa1m\xc0"));
	ATF_CHECK(!PARSE("\x94\x00\x01\xa1m\x91\x01"));
	ATF_CHECK(!PARSE("\x94\x00\x01\xa1m\x92\x80\x80"));
	ATF_CHECK(strstr(why, "one map") != NULL);
	ATF_CHECK(message.answerable);
	/* Clients of Neovim begin with [2, "nvim_set_client_info", [...]]. */
	ATF_REQUIRE(PARSE("\x93\x02\xa1m\x92\x01\x80"));
	ATF_CHECK_EQ(MESSAGE_NOTIFICATION, message.kind);
	ATF_CHECK_EQ(0, message.params.size);
	ATF_CHECK(PARSE("\x93\x02\xa1m\x91\x01"));
	ATF_CHECK(!PARSE("\x93\x02\xa1m\x01"));
}

ATF_TC_WITHOUT_HEAD(response);
ATF_TC_BODY(response, tc)
{
	struct message message;
	msgpack_sbuffer buffer;
	const char *why;

	msgpack_sbuffer_init(&buffer);
	ATF_REQUIRE(message_response(&buffer, 3, map, sizeof(map) - 1));
	ATF_REQUIRE(message_parse(buffer.data, buffer.size, &message, &why));
	ATF_CHECK_EQ(MESSAGE_RESPONSE, message.kind);
	ATF_CHECK_EQ(3, message.id);
	ATF_CHECK_EQ(0, message.error.size);
	ATF_CHECK_EQ(sizeof(map) - 1, message.result.size);
	ATF_CHECK_EQ(0, memcmp(message.result.bytes, map, sizeof(map) - 1));
	buffer.size = 0;
	ATF_REQUIRE(message_response(&buffer, 3, NULL, 0));
	ATF_REQUIRE(message_parse(buffer.data, buffer.size, &message, &why));
	ATF_CHECK_EQ(0, message.error.size);
	ATF_CHECK_EQ(0, message.result.size);
	msgpack_sbuffer_destroy(&buffer);
}

ATF_TC_WITHOUT_HEAD(begun_and_finished_by_hand);
ATF_TC_BODY(begun_and_finished_by_hand, tc)
{
	struct message message;
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	const char *why;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
	ATF_REQUIRE(message_response_begin(&buffer, 9));
	msgpack_pack_int(&packer, 5);
	ATF_REQUIRE(message_parse(buffer.data, buffer.size, &message, &why));
	ATF_CHECK_EQ(1, message.result.size);
	ATF_CHECK_EQ(5, message.result.bytes[0]);
	buffer.size = 0;
	ATF_REQUIRE(message_notification_begin(&buffer, "event"));
	msgpack_pack_map(&packer, 0);
	ATF_REQUIRE(message_parse(buffer.data, buffer.size, &message, &why));
	ATF_CHECK_EQ(MESSAGE_NOTIFICATION, message.kind);
	ATF_CHECK(!message.answerable);
	ATF_CHECK_EQ(0, memcmp(message.method, "event", 5));
	ATF_CHECK_EQ(1, message.params.size);
	buffer.size = 0;
	ATF_REQUIRE(
	    message_notification(&buffer, "event", map, sizeof(map) - 1));
	ATF_REQUIRE(message_parse(buffer.data, buffer.size, &message, &why));
	ATF_CHECK_EQ(sizeof(map) - 1, message.params.size);
	msgpack_sbuffer_destroy(&buffer);
}

ATF_TC_WITHOUT_HEAD(errors_come_back);
ATF_TC_BODY(errors_come_back, tc)
{
	struct message message;
	struct message_error error;
	msgpack_sbuffer buffer;
	const char *why;

	msgpack_sbuffer_init(&buffer);
	ATF_REQUIRE(message_error(&buffer, 3, ERROR_STATE_CONFLICT,
	    "it has ended", map, sizeof(map) - 1));
	ATF_REQUIRE(message_parse(buffer.data, buffer.size, &message, &why));
	ATF_CHECK_EQ(0, message.result.size);
	message_error_parse(&message, &error);
	ATF_CHECK_EQ(409, error.code);
	ATF_CHECK_EQ(14, error.name_size);
	ATF_CHECK_EQ(0, memcmp(error.name, "state_conflict", 14));
	ATF_CHECK_EQ(12, error.text_size);
	ATF_CHECK_EQ(0, memcmp(error.text, "it has ended", 12));
	ATF_CHECK_EQ(sizeof(map) - 1, error.details.size);
	buffer.size = 0;
	ATF_REQUIRE(message_error(&buffer, 3, 400, "no", NULL, 0));
	ATF_REQUIRE(message_parse(buffer.data, buffer.size, &message, &why));
	message_error_parse(&message, &error);
	ATF_CHECK_EQ(400, error.code);
	ATF_CHECK_EQ(0, error.details.size);
	msgpack_sbuffer_destroy(&buffer);
}

ATF_TC_WITHOUT_HEAD(errors_of_other_shapes);
ATF_TC_BODY(errors_of_other_shapes, tc)
{
	struct message message;
	struct message_error error;
	const char *why;

	ATF_REQUIRE(PARSE("\x94\x01\x01\xa4oops\xc0"));
	message_error_parse(&message, &error);
	ATF_CHECK_EQ(500, error.code);
	ATF_CHECK_EQ(0, memcmp(error.name, "unknown", error.name_size));
	ATF_CHECK_EQ(4, error.text_size);
	ATF_CHECK_EQ(0, memcmp(error.text, "oops", 4));
	ATF_CHECK_EQ(5, error.details.size);

	ATF_REQUIRE(PARSE("\x94\x01\x01\x07\xc0"));
	message_error_parse(&message, &error);
	ATF_CHECK_EQ(500, error.code);
	ATF_CHECK(strstr(error.text, "without a message") != NULL);

	/* {"code": 404, "message": "x"} and {"code": -1, 5: 6} */
	ATF_REQUIRE(PARSE("\x94\x01\x01\x82\xa4"
			  "code\xcd\x01\x94\xa7"
			  "message\xa1x\xc0"));
	message_error_parse(&message, &error);
	ATF_CHECK_EQ(404, error.code);
	ATF_CHECK_EQ(0, memcmp(error.name, "unknown", error.name_size));
	ATF_CHECK_EQ(0, memcmp(error.text, "x", error.text_size));
	ATF_REQUIRE(PARSE("\x94\x01\x01\x82\xa4"
			  "code\xff\x05\x06\xc0"));
	message_error_parse(&message, &error);
	ATF_CHECK_EQ(500, error.code);
}

ATF_TC_WITHOUT_HEAD(codes_have_names);
ATF_TC_BODY(codes_have_names, tc)
{
	ATF_CHECK_STREQ("bad_request", error_name(ERROR_BAD_REQUEST));
	ATF_CHECK_STREQ("unavailable", error_name(503));
	ATF_CHECK_STREQ("unknown", error_name(999));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, request);
	ATF_TP_ADD_TC(tp, method_as_binary);
	ATF_TP_ADD_TC(tp, what_is_no_message);
	ATF_TP_ADD_TC(tp, params_have_one_shape);
	ATF_TP_ADD_TC(tp, response);
	ATF_TP_ADD_TC(tp, begun_and_finished_by_hand);
	ATF_TP_ADD_TC(tp, errors_come_back);
	ATF_TP_ADD_TC(tp, errors_of_other_shapes);
	ATF_TP_ADD_TC(tp, codes_have_names);
	return atf_no_error();
}
