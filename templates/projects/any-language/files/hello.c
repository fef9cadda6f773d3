/* A Lambda program in C: it polls for events and answers each, with nothing but sockets. */
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY "Hello from C, in Node's place\\n"

static void fail(const char *what) {
    perror(what);
    exit(1);
}

/* A connection to the Runtime API, at the `host:port` that the platform names. */
static int open_connection(const char *api) {
    char host[256];
    const char *colon = strrchr(api, ':');
    if (colon == NULL || (size_t)(colon - api) >= sizeof host) {
        fprintf(stderr, "AWS_LAMBDA_RUNTIME_API is `%s`, which is no host and port\n", api);
        exit(1);
    }
    memcpy(host, api, (size_t)(colon - api));
    host[colon - api] = '\0';
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(host, colon + 1, &wanted, &found);
    if (error != 0) {
        fprintf(stderr, "%s: %s\n", api, gai_strerror(error));
        exit(1);
    }
    int connection = socket(found->ai_family, found->ai_socktype, 0);
    if (connection < 0 || connect(connection, found->ai_addr, found->ai_addrlen) != 0) {
        fail("connecting to the Runtime API");
    }
    freeaddrinfo(found);
    return connection;
}

/* Sends a request and returns what came back, to be freed. HTTP/1.0: the other side closes after its answer. */
static char *ask(const char *api, const char *format, ...) {
    int connection = open_connection(api);
    va_list values;
    va_start(values, format);
    if (vdprintf(connection, format, values) < 0) {
        fail("asking the Runtime API");
    }
    va_end(values);
    char *answer = NULL;
    size_t length = 0, room = 0;
    ssize_t count;
    do {
        if (room - length < 4096) {
            room = 2 * room + 8192;
            answer = realloc(answer, room);
            if (answer == NULL) {
                fail("an event");
            }
        }
        count = read(connection, answer + length, room - length - 1);
        if (count < 0) {
            fail("reading from the Runtime API");
        }
        length += (size_t)count;
    } while (count > 0);
    answer[length] = '\0';
    close(connection);
    if (strncmp(answer, "HTTP/1.", 7) != 0 || answer[9] != '2') {
        fprintf(stderr, "the Runtime API answered: %.80s\n", answer);
        exit(1);
    }
    return answer;
}

/* Copies the value of a header; the names of headers have no case. */
static void header(const char *answer, const char *name, char *value, size_t room) {
    for (const char *line = answer; line != NULL && line[0] != '\r'; line = strchr(line, '\n')) {
        line += line[0] == '\n';
        size_t length = strlen(name);
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            const char *start = line + length + 1 + strspn(line + length + 1, " ");
            size_t end = strcspn(start, "\r\n");
            if (end < room) {
                memcpy(value, start, end);
                value[end] = '\0';
                return;
            }
        }
        if (line[0] == '\r') {
            break;
        }
    }
    fprintf(stderr, "an event without `%s`\n", name);
    exit(1);
}

int main(void) {
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    if (api == NULL) {
        fprintf(stderr, "AWS_LAMBDA_RUNTIME_API is not set: nobody asks\n");
        return 1;
    }
    const char *answer = "{\"statusCode\":200,\"headers\":{\"content-type\":\"text/plain\"},\"body\":\"" BODY "\"}";
    for (;;) {
        char id[128];
        char *event = ask(api, "GET /2018-06-01/runtime/invocation/next HTTP/1.0\r\nhost: %s\r\n\r\n", api);
        header(event, "lambda-runtime-aws-request-id", id, sizeof id);
        free(event);
        free(ask(api,
                 "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.0\r\nhost: %s\r\n"
                 "content-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
                 id, api, strlen(answer), answer));
    }
}
