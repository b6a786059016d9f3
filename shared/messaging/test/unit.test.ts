// What needs no process of its own: each would load the same modules once more.
import './envelope.unit.ts';
import './nats/delivered-from.unit.ts';
import './nats/filter-for.unit.ts';
import './nats/ordered-consumer.unit.ts';
import './redelivery.unit.ts';
import './serve-all.unit.ts';
import './subject.unit.ts';
