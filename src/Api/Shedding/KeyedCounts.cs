using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GrainVault.Api.Shedding;

/// <summary>
/// Counts what is under way by key, each key up to the same limit. A key is forgotten with the last of its own, so the table
/// never has more keys than things are under way, and whoever limits those limits it.
/// </summary>
/// <typeparam name="TKey">A user id, or an address.</typeparam>
/// <param name="countMax">Most of one key at once, at least 1.</param>
internal sealed class KeyedCounts<TKey>(int countMax)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, int> _counts = [];

    /// <summary>Keys of which something is under way.</summary>
    public int KeyCount
    {
        get
        {
            lock (_lock)
                return _counts.Count;
        }
    }

    /// <summary>Counts one in; false when its key has as many as it may.</summary>
    public bool TryEnter(TKey key)
    {
        lock (_lock)
        {
            // A key that has too many is in the table already: the limit is at least 1.
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, key, out _);
            if (count >= countMax)
                return false;
            count++;
            return true;
        }
    }

    /// <summary>Counts one out that was counted in.</summary>
    public void Leave(TKey key)
    {
        lock (_lock)
        {
            ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_counts, key);
            Invariant.That(!Unsafe.IsNullRef(ref count), "who leaves has entered");
            if (--count == 0)
                _counts.Remove(key);
        }
    }
}
