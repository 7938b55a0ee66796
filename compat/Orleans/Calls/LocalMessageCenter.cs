using Orleans.Runtime;

namespace Orleans.Calls;

/// <summary>Takes calls to activations of this process.</summary>
internal sealed class LocalMessageCenter(Catalog catalog) : IMessageCenter
{
    public void Send(GrainCall call)
    {
        try
        {
            // A call that follows its grain to a new activation has its own arguments already.
            if (call.ForwardCount == 0)
                call.Isolate();
            catalog.Deliver(call);
        }
        catch (Exception failure)
        {
            call.TryFail(failure);
        }
    }
}
