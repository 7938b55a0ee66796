using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>
/// Decides which work may start: one piece at a time, read-only work together with other read-only work, and work that
/// always interleaves at any time. Work that may start overtakes work that may not: a grain that is called back while it
/// reads must be able to answer. Used on the activation's scheduler only.
/// </summary>
internal sealed class TurnGate
{
    private readonly Queue<ActivationWork> _exclusive = new();
    private readonly Queue<ActivationWork> _readOnly = new();
    private readonly Queue<ActivationWork> _interleaving = new();
    private long _sequence;
    private int _runningExclusive;
    private int _runningReadOnly;
    private int _runningInterleaving;

    internal bool IsIdle => _runningExclusive + _runningReadOnly + _runningInterleaving == 0;

    internal bool IsEmpty => IsIdle && _exclusive.Count + _readOnly.Count + _interleaving.Count == 0;

    internal void Add(ActivationWork work)
    {
        work.Sequence = _sequence++;
        QueueOf(work).Enqueue(work);
    }

    /// <summary>Takes the next work that may start now and counts it as running.</summary>
    internal bool TryStart([NotNullWhen(true)] out ActivationWork? work)
    {
        if (_interleaving.TryDequeue(out work))
        {
            _runningInterleaving++;
            return true;
        }
        if (_runningExclusive > 0)
            return false;
        if (_readOnly.Count > 0 && (_runningReadOnly > 0 || !ExclusiveIsOlder()))
        {
            work = _readOnly.Dequeue();
            _runningReadOnly++;
            return true;
        }
        if (_runningReadOnly > 0 || !_exclusive.TryDequeue(out work))
            return false;
        _runningExclusive++;
        return true;
    }

    internal void Finish(ActivationWork work)
    {
        if (work.IsAlwaysInterleave)
            _runningInterleaving--;
        else if (work.IsReadOnly)
            _runningReadOnly--;
        else
            _runningExclusive--;
    }

    /// <summary>Takes out everything that waits, in the order in which it came.</summary>
    internal IReadOnlyList<ActivationWork> TakeWaiting()
    {
        ActivationWork[] waiting = [.. _exclusive, .. _readOnly, .. _interleaving];
        _exclusive.Clear();
        _readOnly.Clear();
        _interleaving.Clear();
        Array.Sort(waiting, static (left, right) => left.Sequence.CompareTo(right.Sequence));
        return waiting;
    }

    private bool ExclusiveIsOlder() => _exclusive.TryPeek(out var head) && head.Sequence < _readOnly.Peek().Sequence;

    private Queue<ActivationWork> QueueOf(ActivationWork work) =>
        work.IsAlwaysInterleave ? _interleaving : work.IsReadOnly ? _readOnly : _exclusive;
}
