"""What is done by hand or by ``make``, and is no part of the product."""
