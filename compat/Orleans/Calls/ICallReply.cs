namespace Orleans.Calls;

/// <summary>
/// Where the outcome of a call goes that came from another process. It takes the outcome as it is: nothing needs to be copied,
/// since it is written to bytes at once.
/// </summary>
internal interface ICallReply
{
    /// <summary>The method's result.</summary>
    /// <exception cref="Exception">The result can't be written. Nothing was sent; <see cref="Fail"/> follows.</exception>
    void Succeed<TResult>(TResult result);

    /// <summary>The method's failure, or why it was never called.</summary>
    void Fail(Exception failure);
}
