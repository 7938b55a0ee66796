namespace Orleans.Messaging;

/// <summary>Something that was asked on a connection and has no answer yet.</summary>
internal interface IAwaitsAnswer
{
    /// <summary>It waits for its answer on this connection from now on; nothing of it was sent yet.</summary>
    /// <returns>False when no answer is wanted any more.</returns>
    bool OnAsked(OutgoingConnection connection, long id);

    /// <summary>The answer is there.</summary>
    void OnAnswer(in Frame answer, OutgoingConnection connection);

    /// <summary>There will be none.</summary>
    void OnLost(Exception failure);
}

/// <summary>
/// The open questions of one connection. A question's number is its slot and how often the slot was used before, so that a late
/// answer to a question that was given up finds nothing.
/// </summary>
internal sealed class PendingCalls(int countMax)
{
    private readonly Lock _gate = new();
    private readonly Stack<int> _free = new();
    private Slot[] _slots = new Slot[64];
    private int _slotCount;
    private int _count;
    private bool _isClosed;

    internal int Count => Volatile.Read(ref _count);

    /// <summary>Adds a question.</summary>
    /// <returns>False when there are too many, or the connection is closed.</returns>
    internal bool TryAdd(IAwaitsAnswer call, OutgoingFrame? content, out long id)
    {
        lock (_gate)
        {
            if (_isClosed || _count >= countMax)
            {
                id = 0;
                return false;
            }
            if (!_free.TryPop(out var index))
            {
                index = _slotCount++;
                if (index == _slots.Length)
                    Array.Resize(ref _slots, _slots.Length * 2);
            }
            ref var slot = ref _slots[index];
            slot.Call = call;
            slot.Content = content;
            _count++;
            id = ((long)slot.UseCount << 32) | (uint)index;
            return true;
        }
    }

    /// <summary>Takes a question out, and the content that may still be on its way; null when it is not there.</summary>
    internal IAwaitsAnswer? Take(long id, out OutgoingFrame? content)
    {
        content = null;
        var index = (uint)id;
        lock (_gate)
        {
            if (index >= (uint)_slotCount)
                return null;
            ref var slot = ref _slots[index];
            if (slot.Call is null || slot.UseCount != (int)(id >> 32))
                return null;
            var call = slot.Call;
            content = slot.Content;
            slot = new Slot { UseCount = unchecked(slot.UseCount + 1) };
            _free.Push((int)index);
            _count--;
            return call;
        }
    }

    /// <summary>Takes no more questions, and takes out all there are.</summary>
    internal List<(IAwaitsAnswer Call, OutgoingFrame? Content)> Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            List<(IAwaitsAnswer, OutgoingFrame?)> left = new(_count);
            for (var index = 0; index < _slotCount; index++)
            {
                if (_slots[index] is { Call: { } call, Content: var content })
                    left.Add((call, content));
                _slots[index] = default;
            }
            _slotCount = _count = 0;
            _free.Clear();
            return left;
        }
    }

    private struct Slot
    {
        internal IAwaitsAnswer? Call;
        internal OutgoingFrame? Content;
        internal int UseCount;
    }
}
