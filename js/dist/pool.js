/**
 * The programs of a bridge: as many as there are events at once, up to a limit, each in turn given the event
 * that has waited longest. A program that ends fails what it was doing and is started again when the next
 * event wants it, later each time when it keeps failing.
 */
import { textOf } from "./bytes.js";
import { TrapError, isTrapError, systemReason } from "./errors.js";
import { RuntimeApi } from "./runtime-api.js";

/** Milliseconds before the second start after a program failed that had answered nothing; doubles with every further one, up to the longest. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;

/** Milliseconds that programs may go on answering when this process is to end: platforms wait for 10 seconds. */
const PATIENCE = 7000;

/** Milliseconds that programs have to end after a signal before they are killed. */
const GRACE = 2000;

/** Milliseconds in which a program that has answered is expected to ask again: until then nobody else is started for it. */
const RETURN = 50;

/** The longest time a timer of Node can wait, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;
export class Pool {
    #name;
    #limits;
    #host;
    #place;
    #programs = new Set();
    #queue = new Set();
    /** Failures in a row: programs that ended without any answer. Those that run together when one fails count as one. */
    #failures = 0;
    /** Failures ever. */
    #wave = 0;
    /** Runs while a start waits for its time. */
    #pause;
    /** The signal that is to end this process. */
    #stopSignal;
    #whenEmpty = [];
    /** `place` puts the program on disk where it is not there; it throws a {@link TrapError} when it cannot. */
    constructor(name, place, limits, host) {
        this.#name = name;
        this.#place = place;
        this.#limits = limits;
        this.#host = host;
        host.beforeEnd((signal) => this.#stop(signal), () => this.#leave());
    }
    /** Starts the first program before it is wanted. What stands in the way is for the first event to say. */
    warm() {
        try {
            this.#start();
        }
        catch {
            // Tried again, and reported, with the first event.
        }
    }
    /** Gives an event to a program. Rejects with a {@link TrapError} when none answers it. */
    run(job) {
        return new Promise((resolve, reject) => {
            if (this.#stopSignal !== undefined)
                return reject(stopping(this.#name));
            // Those for whom a program is about to start do not count as waiting.
            let entries = this.#queue.size;
            for (const { entry } of this.#programs)
                if (entry !== undefined)
                    entries += 1;
            if (entries >= this.#limits.programs + this.#limits.waiting)
                return reject(busy(this.#name, this.#limits));
            const entry = {
                ...job,
                settle: (answer) => {
                    if (isTrapError(answer))
                        reject(answer);
                    else
                        resolve(answer);
                },
                timer: this.#host.after(clamped(job.deadline - this.#host.now()), true, () => this.#expire(entry)),
            };
            this.#queue.add(entry);
            this.#serve();
        });
    }
    /** Gives waiting events to waiting programs, and starts programs for the rest. */
    #serve() {
        for (const program of this.#programs) {
            if (this.#queue.size > 0 && !program.condemned && program.api.isWaiting)
                this.#give(program);
        }
        // Those that are about to ask.
        let expected = 0;
        for (const { polled, returning } of this.#programs)
            if (!polled || returning !== undefined)
                expected += 1;
        while (this.#pause === undefined && expected < this.#queue.size && this.#programs.size < this.#limits.programs) {
            try {
                this.#start();
                expected += 1;
            }
            catch (error) {
                // It would stand in the way of every other start too; programs that run may still take the rest.
                while (this.#programs.size === 0 && this.#queue.size > 0)
                    this.#fail(asTrapError(this.#name, error));
                return;
            }
        }
    }
    #give(program) {
        const [entry] = this.#queue;
        if (entry === undefined)
            return;
        this.#queue.delete(entry);
        entry.program = program;
        program.entry = entry;
        const { id, event, deadline, headers } = entry;
        const delivery = {
            id,
            event,
            deadline,
            headers,
            answer: (answer) => {
                this.#failures = 0;
                program.answered = true;
                entry.settle(answer);
            },
            done: () => {
                program.entry = undefined;
                entry.timer.cancel();
                program.returning = this.#host.after(RETURN, false, () => {
                    program.returning = undefined;
                    this.#serve();
                });
                if (this.#stopSignal !== undefined)
                    program.child?.kill(this.#stopSignal);
            },
        };
        program.api.give(delivery);
    }
    #start() {
        const { path, env } = this.#place();
        const owner = {
            name: this.#name,
            ready: () => {
                program.polled = true;
                arrive(program);
                this.#serve();
            },
            initError: (body) => {
                program.complaint = complaintIn(textOf(body));
            },
        };
        const api = new RuntimeApi(owner);
        const program = {
            server: this.#host.serve((exchange) => api.handle(exchange)),
            api,
            polled: false,
            answered: false,
            wave: this.#wave,
            condemned: false,
        };
        this.#programs.add(program);
        program.server.address.then((address) => {
            if (this.#stopSignal !== undefined)
                return this.#ended(program, { refused: new Error("the host is ending") });
            program.child = this.#host.start(path, { ...env, AWS_LAMBDA_RUNTIME_API: address }, (end) => this.#ended(program, end));
        }, (error) => this.#ended(program, { refused: error }));
    }
    /** A program is gone: what it was doing fails, and others may take its place. */
    #ended(program, end) {
        if (!this.#programs.delete(program))
            return;
        program.server.close();
        arrive(program);
        const how = "refused" in end ? "it did not start" : wordsFor(end);
        program.entry?.timer.cancel();
        // One whose time was up has heard of that already.
        program.entry?.settle(ended(this.#name, `${how} before it had answered this request`));
        if (this.#programs.size === 0)
            for (const tell of this.#whenEmpty.splice(0))
                tell();
        if (this.#stopSignal !== undefined || program.condemned)
            return this.#serve();
        if (!program.polled) {
            // Whoever waited longest learns of it; the others may be luckier.
            const complaint = program.complaint === undefined ? "" : `, and said: ${program.complaint}`;
            const error = "refused" in end
                ? unstartable(this.#name, end.refused)
                : ended(this.#name, `${how} before it asked for a request${complaint}`);
            this.#fail(error);
        }
        if (program.answered || program.wave < this.#wave)
            return this.#serve();
        this.#wave += 1;
        this.#failures += 1;
        if (this.#failures < 2)
            return this.#serve();
        const pause = Math.min(FIRST_PAUSE * 2 ** (this.#failures - 2), LONGEST_PAUSE);
        this.#pause?.cancel();
        this.#pause = this.#host.after(pause, false, () => {
            this.#pause = undefined;
            this.#serve();
        });
    }
    /** Fails the event that has waited longest. */
    #fail(error) {
        const [entry] = this.#queue;
        if (entry === undefined)
            return;
        this.#queue.delete(entry);
        entry.timer.cancel();
        entry.settle(error);
    }
    /** The time for an event is up: who still works at it is ended, as Lambda does it. */
    #expire(entry) {
        const error = late(this.#name, entry.program !== undefined);
        entry.settle(error);
        this.#queue.delete(entry);
        const { program } = entry;
        if (program === undefined)
            return;
        program.condemned = true;
        program.child?.kill("SIGKILL");
    }
    /**
     * This process is to end by a signal: the programs get it too. Who is answering a request may finish that first,
     * as long as the platform's patience lasts.
     */
    async #stop(signal) {
        if (this.#stopSignal !== undefined) {
            // Whoever asks twice is in a hurry.
            for (const { child } of this.#programs)
                child?.kill(signal);
            return;
        }
        this.#stopSignal = signal;
        this.#pause?.cancel();
        while (this.#queue.size > 0)
            this.#fail(stopping(this.#name));
        for (const { child, entry } of this.#programs)
            if (entry === undefined)
                child?.kill(signal);
        if (this.#programs.size === 0)
            return;
        await new Promise((resolve) => {
            const patience = this.#host.after(PATIENCE, true, () => {
                for (const { child } of this.#programs)
                    child?.kill(signal);
            });
            const last = this.#host.after(PATIENCE + GRACE, true, () => {
                this.#leave();
                resolve();
            });
            this.#whenEmpty.push(() => {
                patience.cancel();
                last.cancel();
                resolve();
            });
        });
    }
    /** This process ends now: nobody could take an answer any more. */
    #leave() {
        for (const { child } of this.#programs)
            child?.kill("SIGKILL");
    }
}

/** A program is no longer waited for. */
function arrive(program) {
    program.returning?.cancel();
    program.returning = undefined;
}

function clamped(milliseconds) {
    return Math.min(Math.max(Math.ceil(milliseconds), 0), LONGEST_TIMER);
}

/** How a child ended, for a sentence. */
function wordsFor(end) {
    return "signal" in end ? `it was killed by ${end.signal}` : `it ended with status ${end.status}`;
}

/** The message of an init error. */
function complaintIn(text) {
    try {
        const { errorMessage } = JSON.parse(text ?? "");
        if (typeof errorMessage === "string")
            return errorMessage;
    }
    catch {
        // Whatever it is, people can read it.
    }
    return text ?? "something that is no text";
}

function ended(name, how) {
    return new TrapError("TRAP_PROGRAM_ENDED", `\`${name}\` gave no answer: ${how}`, "look into the log for what it printed before");
}

function asTrapError(name, error) {
    return isTrapError(error) ? error : unstartable(name, error);
}

function unstartable(name, cause) {
    return new TrapError("TRAP_START_FAILED", `the system does not start \`${name}\`: ${systemReason(cause)}`, "check that the host lets functions start programs (Node's --permission, seccomp, memory, size of the environment)");
}

function busy(name, limits) {
    return new TrapError("TRAP_BUSY", `all ${limits.programs} programs of \`${name}\` are busy and ${limits.waiting} requests wait already`, "let the platform start more instances, or set TRAP_PROGRAMS and TRAP_WAITING to larger numbers");
}

function late(name, hadProgram) {
    const what = hadProgram ? "had not answered this request and was ended" : "was not free for this request";
    return new TrapError("TRAP_DEADLINE", `the time for this request was up: \`${name}\` ${what}`, "give the function more time in the settings of the platform, or set TRAP_TIMEOUT (seconds) where it has none");
}

function stopping(name) {
    return new TrapError("TRAP_STOPPING", `\`${name}\` takes no more requests: its host is ending`, "send the request again");
}
