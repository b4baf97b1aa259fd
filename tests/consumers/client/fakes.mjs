/** A clock, timers and sockets that a test moves by hand. */

export class FakeClock {
    constructor() {
        this.now = 0; // ms
        this.timers = new Map();
        this.lastTimer = 0;
    }

    setTimeout = (call, delay) => {
        this.lastTimer += 1;
        this.timers.set(this.lastTimer, { call, at: this.now + delay });
        return this.lastTimer;
    };

    clearTimeout = (timer) => this.timers.delete(timer);

    /** Move to `time` (ms), running what falls due on the way, in order. */
    moveTo(time) {
        for (;;) {
            const due = [...this.timers].filter(([, timer]) => timer.at <= time).sort(([, a], [, b]) => a.at - b.at)[0];
            if (!due) break;
            this.timers.delete(due[0]);
            this.now = Math.max(this.now, due[1].at);
            due[1].call();
        }
        this.now = time;
    }
}

/** Node 18 has EventTarget but no CustomEvent. */
globalThis.CustomEvent ??= class CustomEvent extends Event {
    constructor(type, { detail }) {
        super(type);
        this.detail = detail;
    }
};

/** A FeedClient's surroundings: `sockets` are all that it opened, `sent` all frames that it sent. */
export function surroundings({ random = 0 } = {}) {
    const clock = new FakeClock();
    const sockets = [];
    const sent = [];
    class FakeSocket {
        constructor(url) {
            this.url = url;
            this.closed = false;
            sockets.push(this);
        }

        send(text) {
            sent.push(JSON.parse(text));
        }

        close() {
            this.closed = true;
        }

        receive(frame) {
            this.onmessage({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
        }

        closeWith(code) {
            this.onclose({ code });
        }
    }
    return {
        clock,
        sockets,
        sent,
        get socket() {
            return sockets.at(-1);
        },
        options: {
            url: "ws://test/ws/",
            WebSocket: FakeSocket,
            now: () => clock.now,
            setTimeout: clock.setTimeout,
            clearTimeout: clock.clearTimeout,
            random: () => random,
        },
    };
}
